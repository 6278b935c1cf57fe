// The networks at work: what they predict on a plane over the features, and what they take test rows for, in step.
const MOST_PANELS = 12, MILLISECONDS_OF_A_MOMENT = 350, DIVERGED = 255;
const PANEL_IN_A_PICTURE = 260; // pixels
const CLASSES = [
    ["#0072B2", "circle"], ["#E69F00", "square"], ["#009E73", "triangle"], ["#D55E00", "diamond"], ["#CC79A7", "cross"],
    ["#56B4E9", "down"], ["#F0E442", "plus"], ["#8A8A8A", "star"], ["#5E4FC4", "bar"], ["#A0305F", "hexagon"],
];
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const networks = await Promise.all((held.network?.settings ?? []).map(async each => ({
    ...each,
    setting: held.settings[each.number],
    points: each.boundary && new Uint8Array(await inflate(each.boundary)),
    shares: each.confusion && new Float32Array(await inflate(each.confusion)),
})));
const moments = [...new Set(networks.flatMap(each => each.epochs))].sort((one, other) => one - other);
const atWork = document.getElementById("network");
let playing = null, panels = [];

function chosenNetworks() {
    return chosenSettings().map(setting => networks.find(each => each.setting === setting)).filter(Boolean);
}

// A network at the last moment that is not after the epoch of the slider.
function seenNow(each) {
    const epoch = moments[Number(chosen("moment")[0])], replicate = Number(chosen("shown")[0] ?? 0);
    const moment = each.epochs.findLastIndex(one => one <= epoch);
    return {...each, moment, replicate, epoch: each.epochs[moment]};
}

function percent(share) {
    return share === null ? null : `${(100 * share).toFixed(1)} %`;
}

function rightInWords({right, shares_right, moment, replicate, points}) {
    const share = percent(points ? right[moment][replicate] : shares_right[moment]);
    if (share !== null) return `${share} of test rows right`;
    return moment === 0 ? "before training" : "diverged";
}

function inOneLine(seen) {
    return `${seen.setting.name}, epoch ${number(seen.epoch)}, ${rightInWords(seen)}`;
}

function rgb(color) {
    return [1, 3, 5].map(place => parseInt(color.slice(place, place + 2), 16));
}

function hexOf(color) {
    return color.trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
}

// The predictions of a replicate at a moment as a picture of the plane, a pixel a point, from its upper left.
function imageOf({points, moment, replicate, epochs}) {
    const {across, up, replicates} = held.network.plane, count = across.length * up.length;
    const paper = rgb(hexOf(pageColor("paper"))), colors = CLASSES.map(([color]) => rgb(color));
    const image = new ImageData(across.length, up.length), first = (moment * replicates + replicate) * count;
    const fewest = 1 / held.network.classes.length;
    for (let point = 0; point < count; point++) {
        const number = points[first + point], probability = points[epochs.length * replicates * count + first + point] / 255;
        const strength = number === DIVERGED ? 0 : 0.12 + 0.5 * Math.max(0, (probability - fewest) / (1 - fewest));
        const pixel = 4 * ((up.length - 1 - Math.floor(point / across.length)) * across.length + (point % across.length));
        for (let part = 0; part < 3; part++)
            image.data[pixel + part] = paper[part] + strength * ((colors[number]?.[part] ?? paper[part]) - paper[part]);
        image.data[pixel + 3] = 255;
    }
    const picture = new OffscreenCanvas(across.length, up.length);
    picture.getContext("2d").putImageData(image, 0, 0);
    return picture;
}

function outline(context, shape, x, y, size) {
    const corners = (count, turn, inner = 1) => {
        for (let corner = 0; corner < count; corner++) {
            const angle = turn + (2 * Math.PI * corner) / count, far = size * (corner % 2 ? inner : 1);
            context.lineTo(x + far * Math.sin(angle), y - far * Math.cos(angle));
        }
        context.closePath();
    };
    const bars = turns => turns.forEach(turn => {
        const [along, aside] = [[Math.sin(turn), Math.cos(turn)], [Math.cos(turn), -Math.sin(turn)]];
        const at = (far, wide) => [x + size * (far * along[0] + wide * aside[0]), y + size * (far * along[1] + wide * aside[1])];
        [[-1, -0.35], [1, -0.35], [1, 0.35], [-1, 0.35]].forEach(([far, wide], place) => context[place ? "lineTo" : "moveTo"](...at(far, wide)));
        context.closePath();
    });
    context.beginPath();
    if (shape === "circle") context.arc(x, y, 0.85 * size, 0, 2 * Math.PI);
    else if (shape === "square") context.rect(x - 0.75 * size, y - 0.75 * size, 1.5 * size, 1.5 * size);
    else if (shape === "triangle") corners(3, 0);
    else if (shape === "down") corners(3, Math.PI);
    else if (shape === "diamond") corners(4, 0);
    else if (shape === "star") corners(10, 0, 0.45);
    else if (shape === "hexagon") corners(6, 0);
    else bars({cross: [Math.PI / 4, -Math.PI / 4], plus: [0, Math.PI / 2], bar: [0]}[shape]);
}

function mark(context, number, x, y, size) {
    const [color, shape] = CLASSES[number];
    outline(context, shape, x, y, size);
    context.lineWidth = 1.4;
    context.strokeStyle = pageColor("ink");
    context.stroke();
    context.fillStyle = color;
    context.fill();
}

// Round numbers in a range, each with its label.
function ticks(low, high) {
    const rough = (high - low) / 3, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [5, 2, 1].find(times => times * power <= rough);
    const first = Math.ceil(low / step);
    const notation = Math.max(-low, high) < 10_000 ? "standard" : "compact"; // 2004, but 20K
    const words = new Intl.NumberFormat("en", {notation, maximumSignificantDigits: 6, useGrouping: false});
    return Array.from({length: Math.floor(high / step) - first + 1}, (_, place) => (first + place) * step).map(tick => [tick, words.format(tick)]);
}

// The plane of a network in a square with this side.
function paintPlane(context, seen, side) {
    const {across, up, names, rows} = held.network.plane;
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const [onAcross, onUp] = [across, up].map(points => ticks(points[0], points.at(-1)));
    const widest = labels => Math.max(0, ...labels.map(([, label]) => context.measureText(label).width));
    const [left, below] = [Math.max(34, 20 + widest(onUp)), 32], [width, height] = [side - left - 2, side - below - 2];
    const every = Math.ceil((onAcross.length * (widest(onAcross) + 4)) / width); // labels that do not touch
    const half = points => (points[1] - points[0]) / 2;
    const place = (points, length) => value => (length * (value - points[0] + half(points))) / (points.at(-1) - points[0] + 2 * half(points));
    const [x, y] = [place(across, width), place(up, height)];
    const [toX, toY] = [value => left + x(value), value => 2 + height - y(value)];
    context.clearRect(0, 0, side, side);
    context.imageSmoothingEnabled = false;
    context.drawImage(imageOf(seen), left, 2, width, height);
    const [shown] = chosen("rows");
    rows.across.forEach((_, row) => {
        if (shown === "all" || rows.part[row] === shown) mark(context, rows.class[row], toX(rows.across[row]), toY(rows.up[row]), side < 220 ? 2.4 : 3.2);
    });
    context.lineWidth = 1;
    context.strokeStyle = pageColor("quiet");
    context.strokeRect(left + 0.5, 2.5, width - 1, height - 1);
    context.fillStyle = pageColor("ink");
    context.textAlign = "center";
    onAcross.filter((_, place) => place % every === 0).forEach(([tick, label]) => context.fillText(label, toX(tick), side - below + 12));
    context.fillText(names[0], left + width / 2, side - 5, width);
    context.save();
    context.translate(10, 2 + height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(names[1], 0, 0, height);
    context.restore();
    context.textAlign = "right";
    onUp.forEach(([tick, label]) => context.fillText(label, left - 3, toY(tick) + 4));
    if (rightInWords(seen) === "diverged") {
        const middle = ["diverged", left + width / 2, height / 2];
        Object.assign(context, {textAlign: "center", lineWidth: 4, strokeStyle: pageColor("paper")});
        context.strokeText(...middle); // so that rows do not cross it
        context.fillText(...middle);
    }
}

function sharesOf({shares, moment}) {
    const count = held.network.classes.length;
    return Array.from({length: count}, (_, row) => [...shares.subarray((moment * count + row) * count, (moment * count + row + 1) * count)]);
}

function shadeOf(share) {
    const [from, to] = [rgb(hexOf(pageColor("paper"))), rgb(inTheDark.matches ? "#005A8C" : "#56B4E9")];
    return `rgb(${from.map((value, part) => Math.round(value + (share || 0) * (to[part] - value))).join(" ")})`;
}

// The same in a square, for a picture; the page has a table.
function paintConfusion(context, seen, side) {
    const {classes} = held.network, first = 40, size = (side - first - 2) / classes.length;
    context.font = `${Math.min(11, size / 2)}px ${getComputedStyle(document.body).fontFamily}`;
    context.textAlign = "center";
    const write = (text, x, y, wide) => { context.fillStyle = pageColor("ink"); context.fillText(text, x, y + 4, wide); };
    sharesOf(seen).forEach((shares, row) => {
        const y = first + row * size;
        write(classes[row], first / 2, y + size / 2, first - 4);
        write(classes[row], y + size / 2, first - 8, size - 2);
        shares.forEach((share, column) => {
            context.fillStyle = shadeOf(share);
            context.fillRect(first + column * size, y, size, size);
            if (share > 0) write(Math.round(100 * share), first + (column + 0.5) * size, y + size / 2);
        });
    });
    context.textAlign = "left";
    write("true \\ taken for, %", 0, 8, side);
}

function tableOf(classes) {
    const box = document.createElement("div"), table = document.createElement("table");
    const head = document.createElement("thead"), body = document.createElement("tbody");
    head.append(tableRow(["true", ...classes], "th"));
    body.append(...classes.map(each => tableRow([each, ...classes.map(() => "")], "td")));
    table.append(head, body);
    box.className = "confusion";
    box.append(table);
    return box;
}

function makePanel(each) {
    const figure = document.createElement("figure"), caption = document.createElement("figcaption");
    const name = document.createElement("strong"), words = document.createElement("span");
    caption.append(name, words);
    name.textContent = each.setting.name;
    const canvas = each.points && document.createElement("canvas"), box = each.shares && tableOf(held.network.classes);
    canvas?.setAttribute("role", "img");
    figure.append(caption, ...[canvas, box].filter(Boolean));
    return {each, figure, words, canvas, box};
}

function drawPanel({each, words, canvas, box}) {
    const seen = seenNow(each);
    words.textContent = `epoch ${number(seen.epoch)}, ${rightInWords(seen)}`;
    if (canvas) {
        const side = canvas.clientWidth, ratio = devicePixelRatio || 1;
        Object.assign(canvas, {width: side * ratio, height: side * ratio});
        canvas.setAttribute("aria-label", `${inOneLine(seen)}: what replicate ${seen.replicate} predicts on the plane of ${held.network.plane.names.join(" and ")}`);
        const context = canvas.getContext("2d");
        context.scale(ratio, ratio);
        paintPlane(context, seen, side);
    }
    if (box) {
        const counted = {...seen, points: null};
        box.querySelector("table").setAttribute("aria-label", `${inOneLine(counted)}: classes in rows, what they are taken for in columns, in % of the class`);
        sharesOf(seen).forEach((shares, row) => shares.forEach((share, column) => {
            const cell = box.querySelector("tbody").rows[row].cells[column + 1];
            cell.textContent = Number.isNaN(share) ? "-" : Math.round(100 * share);
            cell.style.background = shadeOf(share);
        }));
        if (box.scrollWidth > box.clientWidth) { // the keyboard has to reach what scrolls
            Object.assign(box, {tabIndex: 0, role: "region"});
            box.setAttribute("aria-label", `Confusion at ${seen.setting.name}`);
        } else ["tabindex", "role", "aria-label"].forEach(name => box.removeAttribute(name));
    }
}

// All panels as the controls say; new ones where other settings are chosen.
function drawNetworks() {
    if (!atWork) return;
    const wanted = chosenNetworks(), shown = wanted.slice(0, MOST_PANELS), place = atWork.querySelector(".panels");
    if (shown.length !== panels.length || shown.some((each, number) => each !== panels[number].each)) {
        panels = shown.map(makePanel);
        place.replaceChildren(...(panels.length ? panels.map(panel => panel.figure) : ["Nothing is chosen."]));
    }
    const epoch = number(moments[Number(chosen("moment")[0])]);
    form.elements.moment.setAttribute("aria-valuetext", `epoch ${epoch}`);
    atWork.querySelector("output").textContent = epoch;
    atWork.querySelector(".fewer").textContent = wanted.length > shown.length ? `Of the ${wanted.length} chosen settings the first ${shown.length} are shown.` : "";
    panels.forEach(drawPanel);
    drawKey();
}

function drawKey() {
    for (const canvas of atWork.querySelectorAll(".key canvas")) {
        const ratio = devicePixelRatio || 1, context = canvas.getContext("2d");
        Object.assign(canvas, {width: 16 * ratio, height: 16 * ratio});
        context.scale(ratio, ratio);
        mark(context, Number(canvas.dataset.class), 8, 8, 6);
    }
}

function pause() {
    if (playing === null) return;
    clearInterval(playing);
    playing = null;
    atWork.querySelector("#play").textContent = "Play";
    saveState();
}

function play() {
    const slider = form.elements.moment;
    if (slider.value === slider.max) slider.value = 0;
    atWork.querySelector("#play").textContent = "Pause";
    drawNetworks();
    playing = setInterval(() => {
        slider.value = Number(slider.value) + 1;
        drawNetworks();
        if (slider.value === slider.max) pause();
    }, MILLISECONDS_OF_A_MOMENT);
}

// Where the system asks for no motion nothing plays, and the page says why.
function keepStill() {
    if (stillness.matches) pause();
    atWork.querySelector("#play").disabled = stillness.matches;
    atWork.querySelector("#still").hidden = !stillness.matches;
}

function pictureOfNetworks() {
    const shown = panels.map(({each}) => seenNow(each)), kinds = ["points", "shares"].filter(kind => networks[0][kind]);
    const cells = shown.flatMap(seen => kinds.map(kind => [kind, seen]));
    const side = PANEL_IN_A_PICTURE, columns = Math.min(4, cells.length) || 1, high = side + 40, times = 2;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, {width: times * columns * (side + 12), height: times * Math.ceil(cells.length / columns) * high});
    const context = canvas.getContext("2d");
    context.scale(times, times);
    context.fillStyle = pageColor("paper");
    context.fillRect(0, 0, canvas.width, canvas.height);
    cells.forEach(([kind, seen], place) => {
        const square = new OffscreenCanvas(times * side, times * side), inside = square.getContext("2d");
        inside.scale(times, times);
        (kind === "points" ? paintPlane : paintConfusion)(inside, seen, side);
        const [x, y] = [(place % columns) * (side + 12), Math.floor(place / columns) * high];
        context.drawImage(square, x, y + 36, side, side);
        context.fillStyle = pageColor("ink");
        context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
        context.fillText(seen.setting.name, x + 4, y + 14, side);
        context.fillText(`epoch ${number(seen.epoch)}, ${rightInWords(kind === "points" ? seen : {...seen, points: null})}`, x + 4, y + 30, side);
    });
    return canvas.toDataURL();
}

// A row for each point of each plane, or for each pair of classes.
function numbersOfNetworks() {
    const {classes, plane} = held.network;
    return panels.flatMap(({each}) => {
        const seen = seenNow(each), keys = {...spelled(seen.setting), epoch: seen.epoch};
        const count = plane && plane.across.length * plane.up.length, first = plane && (seen.moment * plane.replicates + seen.replicate) * count;
        const onPlane = !seen.points ? [] : Array.from({length: count}, (_, point) => ({
            ...keys, replicate: seen.replicate,
            [plane.names[0]]: plane.across[point % plane.across.length], [plane.names[1]]: plane.up[Math.floor(point / plane.across.length)],
            class: classes[seen.points[first + point]] ?? "", probability: (seen.points[each.epochs.length * plane.replicates * count + first + point] / 255).toFixed(3),
        }));
        const pairs = !seen.shares ? [] : sharesOf(seen).flatMap((shares, row) => shares.map((share, column) => ({
            ...keys, true_class: classes[row], taken_for: classes[column], share: Number.isNaN(share) ? "" : share.toFixed(4),
        })));
        return [...onPlane, ...pairs];
    });
}

function offerNetworks() {
    if (!atWork) return;
    const {classes, plane} = held.network, slider = form.elements.moment;
    Object.assign(slider, {max: moments.length - 1, defaultValue: moments.length - 1});
    if (plane) {
        const replicates = [...Array(plane.replicates).keys()].map(String);
        options("shown", replicates.map(replicate => [replicate, replicate]), "0");
        const parts = [...new Set(plane.rows.part)];
        options("rows", [...parts.map(part => [part, part]), ["all", "all"], ["none", "none"]], "test");
        atWork.querySelector(".key").append(...classes.map((name, number) => {
            const item = document.createElement("li"), canvas = document.createElement("canvas");
            canvas.dataset.class = number;
            canvas.setAttribute("aria-hidden", "true");
            item.append(canvas, `class ${name}`);
            return item;
        }));
    }
    offer(atWork, "The network at work", {
        PNG: () => save("network.png", pictureOfNetworks()),
        CSV: () => saveRows("network", numbersOfNetworks()),
    });
    atWork.querySelector("#play").addEventListener("click", () => (playing === null ? play() : pause()));
    atWork.addEventListener("input", () => { pause(); saveState(); drawNetworks(); });
    stillness.addEventListener("change", keepStill);
    keepStill();
}
