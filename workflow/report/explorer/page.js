// The controls with what there is to choose, and the views, drawn anew where the controls change.
const MOST_DRAWN = 60;
const charts = {curves: curvesChart, finals: finalsChart, differences: differencesChart};
const drawn = {}; // name -> what vegaEmbed gave, and the rows behind it

function chosenSettings() {
    return chosen("setting").map(key => byKey[key]).filter(Boolean).slice(0, MOST_DRAWN);
}

function options(name, values, first) {
    const select = form.elements[name];
    for (const [value, text] of values) select.add(new Option(text, value, value === first, value === first));
}

function fillControls() {
    const first = new Set(held.first), list = document.getElementById("settings");
    for (const setting of held.settings) {
        const item = document.createElement("li"), label = document.createElement("label"), box = document.createElement("input");
        Object.assign(box, {type: "checkbox", name: "setting", value: setting.key, defaultChecked: first.has(setting.number)});
        label.append(box, ` ${setting.name}`);
        const only = document.createElement("button");
        Object.assign(only, {type: "button", textContent: "only"});
        only.setAttribute("aria-label", `Only ${setting.name}, with all its replicates`);
        only.addEventListener("click", () => showReplicates([setting]));
        item.append(label, only);
        list.append(item);
    }
    const parts = ["train", "test", "validation"].filter(part => Object.keys(curves).some(column => column.startsWith(`${part}_`)));
    for (const part of parts) {
        const label = document.createElement("label"), box = document.createElement("input");
        Object.assign(box, {type: "checkbox", name: "part", value: part, defaultChecked: true});
        label.append(box, ` ${part}`);
        document.getElementById("parts").append(label);
    }
    options("score", Object.entries(held.scores), held.score);
    options("measure", Object.entries(held.measures), `test_${held.score}`);
    const replicates = [...new Set(finals.replicate)].sort((one, other) => one - other);
    options("replicate", replicates.map(replicate => [String(replicate), String(replicate)]), "");
    const {by_reference} = held.compared;
    const references = held.settings.filter(({number}) => number === held.reference || Object.keys(by_reference[number]).length);
    options("reference", references.map(setting => [setting.key, setting.name]), held.settings[held.reference].key);
    const by = form.elements.by.querySelector(`[value=${held.counted_in}]`);
    by.selected = by.defaultSelected = true;
    if (curves.seconds.every(Number.isNaN)) form.elements.by.querySelector("[value=seconds]").remove();
}

function showReplicates(settings) {
    choose("setting", settings.map(setting => setting.key));
    choose("lines", ["replicates"]);
    changed();
}

// The networks at work are those of the replicate that is marked, where they were kept.
function followMark() {
    choose("shown", [chosen("replicate")[0] || "0"]);
}

// On a mean or a difference: its batch size with all replicates; on a curve or a dot: the replicate in every view.
function clicked(name, datum) {
    if (datum?.replicate !== undefined) {
        const [marked] = chosen("replicate"), replicate = String(datum.replicate);
        choose("replicate", [marked === replicate ? "" : replicate]);
        followMark();
        changed();
    } else if (datum?.number !== undefined) {
        const {batch_size} = held.settings[datum.number];
        showReplicates(held.settings.filter(setting => setting.batch_size === batch_size));
    }
}

// Vega names every chart as a visualization; a screen reader is to say what is drawn.
function nameChart(place, label) {
    place.removeAttribute("aria-roledescription");
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", label);
}

async function draw(name) {
    const section = document.getElementById(name), place = section.querySelector(".drawn");
    const {spec, rows, said} = charts[name](place.clientWidth);
    drawn[name]?.view?.finalize();
    drawn[name] = {rows};
    section.querySelector("p.quiet").textContent = said.filter(Boolean).join(" ");
    const empty = chosenSettings().length ? "There is nothing to draw." : "Nothing is chosen.", isDrawn = spec && chosenSettings().length;
    section.querySelectorAll(".files button").forEach(button => { button.disabled = !isDrawn; });
    if (!isDrawn) {
        place.replaceChildren(empty);
        nameChart(place, empty);
        return;
    }
    const tooltip = {theme: inTheDark.matches ? "dark" : "light"};
    const {view} = await vegaEmbed(place, {...spec, config: {...config(), aria: false}}, {actions: false, defaultStyle: false, renderer: "svg", tooltip});
    nameChart(place, `${section.querySelector("h2").textContent}: ${inWords()}. The numbers stand in the table below.`);
    view.addEventListener("click", (_, item) => clicked(name, item?.datum));
    place.querySelector("svg").setAttribute("aria-hidden", "true"); // the place itself has a name
    drawn[name].view = view;
}

function inWords() {
    const settings = chosenSettings(), [score] = chosen("score"), [by] = chosen("by"), [marked] = chosen("replicate");
    const lines = chosen("lines")[0] === "replicates" ? "all replicates" : "median and middle 80 %";
    const more = chosen("setting").length - settings.length;
    return [
        `${settings.length} of ${held.settings.length} settings`,
        ...(more ? [`the first of ${settings.length + more} chosen ones`] : []),
        `${chosenParts().join(", ")} ${held.scores[score]} by ${BY[by]}`,
        lines,
        ...(marked === "" ? [] : [`replicate ${marked} marked`]),
    ].join("; ");
}

// A row of a table, which its first cell names; the rest are cells of a tag.
function tableRow(values, tag) {
    const line = document.createElement("tr");
    values.forEach((value, place) => {
        const cell = document.createElement(place ? tag : "th");
        if (cell.tagName === "TH") cell.scope = tag === "th" ? "col" : "row";
        cell.textContent = value;
        line.append(cell);
    });
    return line;
}

function fillTable() {
    const [measure] = chosen("measure"), reference = byKey[chosen("reference")[0]];
    const compared = held.compared.by_reference[reference.number];
    const heads = ["Setting", "replicates", "diverged", `${held.measures[measure]}, mean [95 %]`, `${held.measures[held.compared.measure]}, less that of ${reference.name} [95 %]`, "verdict"];
    const cells = setting => {
        const difference = compared[setting.number];
        return [
            setting.name, held.replicates[setting.number], held.diverged[setting.number], interval(held.summary[setting.number][measure]),
            difference ? interval([difference.difference, difference.low, difference.high]) : "", difference?.verdict ?? (setting === reference ? "reference" : ""),
        ];
    };
    const head = document.createElement("thead"), body = document.createElement("tbody");
    head.append(tableRow(heads, "th"));
    body.append(...chosenSettings().map(setting => tableRow(cells(setting), "td")));
    document.getElementById("numbers").replaceChildren(head, body);
}

let waiting = null, drawing = Promise.resolve();

async function drawAll() {
    document.getElementById("said").textContent = `Drawn: ${inWords()}.`;
    fillTable();
    drawNetworks();
    await Promise.all(Object.keys(charts).map(draw));
    document.body.dataset.drawn = Number(document.body.dataset.drawn ?? 0) + 1; // for who waits for it
}

// Once for all changes until the next frame, and only when the drawing before has ended.
function changed() {
    saveState();
    waiting ??= requestAnimationFrame(() => {
        waiting = null;
        drawing = drawing.then(drawAll, drawAll);
    });
}

// The table as numbers, to the last digit.
function numbersOfTable() {
    const [measure] = chosen("measure"), reference = byKey[chosen("reference")[0]];
    return chosenSettings().map(setting => {
        const [mean, low, high] = held.summary[setting.number][measure], difference = held.compared.by_reference[reference.number][setting.number];
        return {
            ...spelled(setting), replicates: held.replicates[setting.number], diverged: held.diverged[setting.number], measure, mean, low, high,
            compared: held.compared.measure, ...ofReference(reference), difference: difference?.difference, difference_low: difference?.low,
            difference_high: difference?.high, verdict: difference?.verdict,
        };
    });
}

// Content of a type, or, without one, an address that holds it.
function save(name, content, type) {
    const link = document.createElement("a");
    link.href = type ? URL.createObjectURL(new Blob([content], {type})) : content;
    link.download = name;
    link.click();
}

const files = {
    SVG: async name => save(`${name}.svg`, await drawn[name].view.toSVG(), "image/svg+xml"),
    PNG: async name => save(`${name}.png`, await drawn[name].view.toImageURL("png", 2)),
    CSV: async name => saveRows(name, drawn[name].rows),
};

function saveRows(name, rows) {
    save(`${name}.csv`, csv([...new Set(rows.flatMap(Object.keys))], rows), "text/csv");
}

// Buttons of a section that write its files, by their kind.
function offer(section, title, kinds) {
    for (const [kind, write] of Object.entries(kinds)) {
        const button = document.createElement("button");
        Object.assign(button, {type: "button", textContent: kind});
        button.setAttribute("aria-label", `${title} as ${kind}`);
        button.addEventListener("click", write);
        section.querySelector(".files").append(button);
    }
}

function offerFiles() {
    for (const name of Object.keys(charts)) {
        const section = document.getElementById(name);
        const kinds = Object.entries(files).map(([kind, write]) => [kind, () => write(name)]);
        offer(section, section.querySelector("h2").textContent, Object.fromEntries(kinds));
    }
}

function found() {
    const asked = document.getElementById("find").value.trim().toLowerCase();
    return [...document.querySelectorAll("#settings li")].filter(item => {
        item.hidden = !item.textContent.toLowerCase().includes(asked);
        return !item.hidden;
    });
}

function chooseFound(checked) {
    found().forEach(item => { item.querySelector("input").checked = checked; });
    changed();
}

fillControls();
offerFiles();
offerNetworks();
rememberState();
takeAddress();
form.addEventListener("input", ({target}) => {
    if (target.name === "replicate") followMark();
    if (target.id === "find") found();
    else changed();
});
form.addEventListener("reset", () => setTimeout(() => { found(); changed(); }));
form.addEventListener("submit", event => event.preventDefault());
document.getElementById("all").addEventListener("click", () => chooseFound(true));
document.getElementById("none").addEventListener("click", () => chooseFound(false));
document.getElementById("save").addEventListener("click", () => saveRows("numbers", numbersOfTable()));
document.getElementById("link").addEventListener("click", async () => {
    saveState();
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    document.getElementById("said").textContent = `This view: ${location.href}`;
});
addEventListener("hashchange", () => { takeAddress(); changed(); });
inTheDark.addEventListener("change", changed);
let wide = 0;
new ResizeObserver(([{contentRect}]) => {
    if (Math.abs(contentRect.width - wide) < 1) return;
    wide = contentRect.width;
    changed();
}).observe(document.querySelector("main"));
