// What is drawn is what the controls say; where that is not as at first, the page's address says it too.
const form = document.getElementById("controls");

function chosen(name) {
    return new FormData(form).getAll(name);
}

function choose(name, values) {
    for (const control of form.elements) {
        if (control.name !== name) continue;
        if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
        else if (control.type === "range") control.value = values[0];
        else if ([...control.options].some(option => option.value === values[0])) control.value = values[0];
    }
}

// Once all controls are there, what they say at first is remembered, and what the address says is chosen.
let atFirst = {};

function namesOfControls() {
    return [...new Set([...form.elements].map(control => control.name).filter(Boolean))];
}

function rememberState() {
    atFirst = Object.fromEntries(namesOfControls().map(name => [name, chosen(name)]));
}

function stateInAddress() {
    const said = new URLSearchParams();
    for (const [name, values] of Object.entries(atFirst)) {
        const now = chosen(name);
        if (now.join() !== values.join()) (now.length ? now : [""]).forEach(value => said.append(name, value));
    }
    return said.size ? `#${said}` : "#";
}

function takeAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    for (const [name, values] of Object.entries(atFirst)) choose(name, said.has(name) ? said.getAll(name) : values);
}

function saveState() {
    const address = stateInAddress();
    if (address !== (location.hash || "#")) history.replaceState(null, "", address);
}
