// What is drawn, as Vega-Lite takes it, from what the controls say.
const PARTS = {
    test: {light: "#D55E00", dark: "#FF9A4D", dash: [1, 0]},
    train: {light: "#0072B2", dark: "#56B4E9", dash: [5, 3]},
    validation: {light: "#00785A", dark: "#2FD6A6", dash: [1.5, 2]},
};
const VERDICTS = {
    better: {shape: "triangle-up", light: "#00785A", dark: "#2FD6A6"},
    equivalent: {shape: "square", light: "#0072B2", dark: "#56B4E9"},
    worse: {shape: "triangle-down", light: "#B34700", dark: "#FF9A4D"},
    undecided: {shape: "circle", light: "#595959", dark: "#B0B0B0"},
};
const MOST_TIMES_FURTHER = 5; // than half of the settings lie, or the margin
const BY = {epoch: "epoch", updates: "update", seconds: "seconds"};
const inTheDark = matchMedia("screen and (prefers-color-scheme: dark)");

// The colours of the page: `ink`, `quiet`, `line` and `paper`.
function pageColor(name) {
    return getComputedStyle(document.body).getPropertyValue(`--${name}`);
}

function shade(colors) {
    return inTheDark.matches ? colors.dark : colors.light;
}

// Colours of settings from dark to bright in their order, apart enough from the page for all to be seen.
function colorOf(settings, legend) {
    const scale = {domain: settings.map(setting => setting.name), scheme: {name: "plasma", extent: inTheDark.matches ? [0.42, 0.95] : [0, 0.62]}};
    return {field: "setting", type: "ordinal", title: null, scale, legend};
}

function config() {
    const [ink, quiet, line, background] = ["ink", "quiet", "line", "paper"].map(pageColor);
    return {
        background,
        font: getComputedStyle(document.body).fontFamily,
        view: {stroke: null},
        axis: {
            labelColor: quiet, titleColor: ink, domainColor: quiet, tickColor: quiet, gridColor: line, gridOpacity: 0.6,
            labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelOverlap: "greedy",
        },
        legend: {symbolOpacity: 1, labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", symbolStrokeWidth: 2, labelLimit: 220},
        header: {labelColor: ink, labelFontSize: 12, labelPadding: 4},
    };
}

// Of each chosen setting and part of the rows either the median and the middle 80 %, or every replicate.
function curveRows(settings, parts, score, by, asReplicates) {
    const rows = [];
    for (const setting of settings) {
        const own = runs.filter(run => run.setting === setting.number);
        for (const part of parts) {
            const values = curves[`${part}_${score}`], across = curves[by];
            const line = {setting: setting.name, part};
            if (asReplicates) {
                for (const {replicate, first, end} of own)
                    for (let row = first; row < end; row++)
                        if (Number.isFinite(values[row])) rows.push({...line, replicate, x: across[row], y: values[row]});
            } else rows.push(...middle(own, values, across).map(row => ({...line, ...row})));
        }
    }
    return rows;
}

// The median of the replicates that were measured there and have not diverged, and what the middle 80 % lie between.
function middle(own, values, across) {
    const at = new Map();
    for (const {first, end} of own)
        for (let row = first; row < end; row++)
            if (Number.isFinite(values[row])) {
                const place = curves.epoch[row];
                if (!at.has(place)) at.set(place, {x: 0, all: []});
                at.get(place).all.push(values[row]);
                at.get(place).x += across[row];
            }
    return [...at].sort(([one], [other]) => one - other).map(([, {x, all}]) => {
        const [y, low, high] = [0.5, 0.1, 0.9].map(share => quantile(sorted(all), share));
        return {x: x / all.length, y, low, high, replicates: all.length};
    });
}

// What most settings need, less what few replicates do; what lies beyond is cut off, and counted. In logarithms on a log axis.
function extent(rows, asReplicates, inLogs) {
    const [scale, back] = inLogs ? [Math.log, Math.exp] : [Number, Number], share = asReplicates ? 0.005 : 0;
    const ends = [...Map.groupBy(rows, row => row.setting)].map(([setting, own]) => ({
        setting,
        low: quantile(sorted(own.map(({y, low = y}) => scale(low))), share),
        high: quantile(sorted(own.map(({y, high = y}) => scale(high))), 1 - share),
    }));
    const domain = reach(ends, quantile(sorted(rows.map(({y}) => scale(y))), 0.5)).domain.map(back);
    return {domain, beyond: rows.filter(({y}) => y < domain[0] || y > domain[1]).length};
}

function curvesChart(width) {
    const settings = chosenSettings(), [score] = chosen("score"), [by] = chosen("by"), parts = chosenParts();
    const asReplicates = chosen("lines")[0] === "replicates", each = chosen("panels")[0] === "each" && settings.length > 1;
    const logs = chosen("log"), [marked] = chosen("replicate");
    const rows = curveRows(settings, parts, score, by, asReplicates);
    if (!rows.length) return {spec: null, rows, said: [`No ${held.scores[score]} is there of the rows that are chosen.`]};
    const one = marked === "" ? [] : (asReplicates ? rows : curveRows(settings, parts, score, by, true)).filter(row => row.replicate === Number(marked));
    const lines = asReplicates ? rows : [...rows, ...one];
    const positive = rows.every(row => row.x > 0), logUp = logs.includes("y") && lines.every(({y, low = y}) => low > 0);
    const {domain, beyond} = extent(lines, asReplicates, logUp);
    const columns = Math.min(settings.length, Math.max(1, Math.floor(width / (width < 600 ? 170 : 240))));
    const panelWidth = each ? Math.floor((width - 70 - 20 * (columns - 1)) / columns) : Math.max(120, width - 70);
    const names = settings.map(setting => setting.name);
    const color = each || settings.length === 1
        ? {field: "part", type: "nominal", title: null, scale: {domain: parts, range: parts.map(part => shade(PARTS[part]))}, legend: {orient: "top", symbolType: "stroke"}}
        : colorOf(settings, {orient: "bottom", columns: Math.max(1, Math.floor(width / 190))});
    const dash = {field: "part", type: "nominal", title: null, scale: {domain: parts, range: parts.map(part => PARTS[part].dash)}, legend: {orient: "top"}};
    const x = {field: "x", type: "quantitative", title: BY[by], scale: {type: logs.includes("x") && positive ? "log" : "linear", nice: false}, axis: {tickCount: Math.max(2, Math.floor(panelWidth / 60)), tickMinStep: lines.every(row => Number.isInteger(row.x)) ? 1 : undefined}};
    const y = {field: "y", type: "quantitative", title: held.scores[score], scale: {domain, nice: false, ...(logUp ? {type: "log"} : {zero: false})}};
    const line = {mark: {type: "line", clip: true, strokeWidth: asReplicates ? 1 : 2, opacity: asReplicates ? 0.35 : 1}, encoding: {x, y, color, strokeDash: dash}};
    if (asReplicates) line.encoding.detail = {field: "replicate"};
    const band = {mark: {type: "area", clip: true, opacity: 0.18, tooltip: null}, encoding: {x, y: {...y, field: "low"}, y2: {field: "high"}, color, detail: {field: "part"}}};
    // Wider than what is seen, to be met by a pointer.
    const target = {...line, mark: {...line.mark, strokeWidth: 7, opacity: 0, cursor: "pointer"}};
    const mark = {transform: [{filter: "datum.marked"}], mark: {type: "line", clip: true, strokeWidth: 2, color: pageColor("ink")}, encoding: {x, y, strokeDash: dash, detail: {field: "setting"}}};
    const unmarked = layer => ({...layer, transform: [{filter: "!datum.marked"}]});
    const layers = [...(asReplicates ? [line, target] : [band, line]).map(unmarked), ...(one.length ? [mark] : [])];
    const panel = {width: panelWidth, height: each ? 150 : 300, layer: layers};
    return {
        spec: {
            data: {values: [...rows, ...one.map(row => ({...row, marked: true}))]},
            ...(each ? {facet: {field: "setting", type: "nominal", title: null, sort: names, header: {labelLimit: panelWidth}}, columns, spec: panel, resolve: {axis: {x: "independent"}}} : panel),
        },
        rows: rows.map(({setting, part, replicate, x, y, low, high, replicates}) => ({
            ...spelled(settings.find(each => each.name === setting)), part, [by]: x,
            ...(asReplicates ? {replicate, [score]: y} : {median: y, low_80: low, high_80: high, replicates}),
        })),
        said: [
            beyond ? `${beyond} of ${rows.length} points lie beyond the axis: what few replicates do, and settings far from the others.` : "",
            logs.includes("y") && !logUp ? "No logarithm is taken upwards, as there are values of 0 or less." : "",
            logs.includes("x") && !positive ? "No logarithm is taken across, as not all is above 0." : "",
        ],
    };
}

function spelled({batch_size, learning_rate, schedule}) {
    return {batch_size, learning_rate, schedule};
}

function ofReference({batch_size, learning_rate, schedule}) {
    return {reference_batch_size: batch_size, reference_learning_rate: learning_rate, reference_schedule: schedule};
}

// The parts of the rows that are chosen and that the score was measured of.
function chosenParts() {
    const [score] = chosen("score");
    return chosen("part").filter(part => curves[`${part}_${score}`]);
}

// The range that most of some settings need, of values from low to high, seen from a center; and those that lie far off.
function reach(rows, center, least = 0) {
    const far = ({low, high}) => Math.max(Math.abs(low - center), Math.abs(high - center));
    const most = MOST_TIMES_FURTHER * Math.max(quantile(sorted(rows.map(far)), 0.5), least);
    const near = rows.filter(row => far(row) <= most);
    const low = Math.min(...near.map(row => row.low)), high = Math.max(...near.map(row => row.high));
    const room = 0.06 * (high - low) || 0.1 * Math.abs(high) || 0.1, beyond = rows.filter(row => !near.includes(row));
    const said = beyond.length ? `Beyond the axis, at least in part, but in the table below: ${beyond.map(row => row.setting).join("; ")}.` : "";
    return {domain: [low - room, high + room], said};
}

function sorted(values) {
    return Float64Array.from(values).sort();
}

// Batch sizes on a log axis with ticks at those that are there; several settings of one stand beside each other.
function batchSizeAxis(settings) {
    const sizes = [...new Set(settings.map(setting => setting.batch_size))].sort((one, other) => one - other);
    const alike = new Map(sizes.map(size => [size, settings.filter(setting => setting.batch_size === size)]));
    const nudge = Math.min(0.8 / Math.max(...[...alike.values()].map(group => group.length)), 0.12);
    const at = setting => {
        const group = alike.get(setting.batch_size);
        return setting.batch_size * 2 ** ((group.indexOf(setting) - (group.length - 1) / 2) * nudge);
    };
    const places = settings.map(at);
    return {
        at,
        x: {
            field: "x", type: "quantitative", title: "batch size",
            scale: {type: "log", base: 2, nice: false, domain: [Math.min(...places) / 1.3, Math.max(...places) * 1.3]},
            axis: {values: sizes, format: "d", grid: false, labelOverlap: "greedy"},
        },
    };
}

function finalsChart(width) {
    const settings = chosenSettings(), [measure] = chosen("measure"), [marked] = chosen("replicate");
    // Those that are not chosen stand there too, in grey, so that they can be.
    const all = held.settings.length > MOST_DRAWN ? settings : held.settings;
    const {at, x} = batchSizeAxis(all);
    const places = new Map(all.map(setting => [setting.number, setting]));
    const dots = [];
    for (let row = 0; row < finals.rows; row++) {
        const setting = places.get(finals.setting[row]), value = finals[measure][row], replicate = finals.replicate[row];
        if (!setting || !Number.isFinite(value)) continue;
        const aside = 2 ** (((replicate % 5) - 2) * 0.03);
        dots.push({setting: setting.name, number: setting.number, x: at(setting) * aside, replicate, y: value, marked: String(replicate) === marked});
    }
    const means = all.map(setting => {
        const [mean, low, high] = held.summary[setting.number][measure];
        return {setting: setting.name, number: setting.number, x: at(setting), mean, low, high};
    }).filter(row => row.mean !== null);
    if (!means.length) return {spec: null, rows: dots, said: ["No training has this value: all diverged."]};
    const names = settings.map(setting => setting.name), grey = shade(VERDICTS.undecided);
    const color = {condition: {test: {field: "setting", oneOf: names}, ...colorOf(settings, null)}, value: grey};
    const ends = means.map(({setting, mean, low, high}) => {
        const own = dots.filter(dot => dot.setting === setting).map(dot => dot.y);
        return {setting, low: Math.min(low ?? mean, ...own), high: Math.max(high ?? mean, ...own)};
    });
    const center = quantile(sorted(means.map(row => row.mean)), 0.5);
    const {domain, said} = reach(ends, center);
    const y = {field: "y", type: "quantitative", title: held.measures[measure], scale: {domain, nice: false, zero: false}};
    const tips = (...fields) => fields.map(([field, title]) => ({field, title, format: ["setting", "replicate"].includes(field) ? undefined : ".3~g"}));
    const [ink, paper] = ["ink", "paper"].map(pageColor);
    return {
        spec: {
            width: Math.max(120, width - 75), height: 240,
            layer: [
                {data: {values: dots}, mark: {type: "point", clip: true, filled: true, size: 28, opacity: 0.3, cursor: "pointer"},
                 encoding: {x, y, color, tooltip: tips(["setting"], ["replicate"], ["y", held.measures[measure]])}},
                {data: {values: means}, mark: {type: "rule", clip: true, strokeWidth: 2}, encoding: {x, y: {...y, field: "low"}, y2: {field: "high"}, color}},
                {data: {values: means}, mark: {type: "point", clip: true, filled: true, size: 110, opacity: 1, cursor: "pointer", stroke: paper, strokeWidth: 1},
                 encoding: {x, y: {...y, field: "mean"}, color, tooltip: tips(["setting"], ["mean"], ["low", "from"], ["high", "to"])}},
                ...(marked === "" ? [] : [{data: {values: dots.filter(dot => dot.marked)}, mark: {type: "point", clip: true, filled: true, size: 90, color: ink, shape: "diamond", stroke: paper, strokeWidth: 1}, encoding: {x, y}}]),
            ],
        },
        rows: dots.map(dot => ({...spelled(held.settings[dot.number]), replicate: dot.replicate, [measure]: dot.y})),
        said: ["A dot is a replicate, a disc the mean with its 95 % interval.", said],
    };
}

function differencesChart(width) {
    const reference = byKey[chosen("reference")[0]], {margin, measure, by_reference} = held.compared;
    const compared = by_reference[reference.number];
    const settings = chosenSettings().filter(setting => compared[setting.number]);
    const rows = settings.map(setting => ({setting, ...compared[setting.number]}));
    document.getElementById("differences-title").textContent = `Differences from ${reference.name}`;
    if (held.settings.length === 1) return {spec: null, rows, said: ["There is no other setting to compare."]};
    if (!rows.length) return {spec: null, rows, said: ["Choose a setting other than the reference."]};
    const {at, x} = batchSizeAxis(settings);
    const shown = rows.filter(row => row.difference !== null).map(({setting, ...row}) => ({...row, setting: setting.name, number: setting.number, x: at(setting), kind: row.verdict.split(" ")[0]}));
    const lost = rows.filter(row => row.difference === null).map(row => row.setting.name);
    const unknown = lost.length ? `No difference is known, but a verdict stands in the table below: ${lost.join("; ")}.` : "";
    if (!shown.length) return {spec: null, rows: [], said: [unknown]};
    const kinds = Object.keys(VERDICTS);
    const ends = shown.map(({setting, difference, low, high}) => ({setting, low: Math.min(low ?? difference, -margin), high: Math.max(high ?? difference, margin)}));
    const {domain, said} = reach(ends, 0, margin);
    const color = {field: "kind", type: "nominal", title: null, scale: {domain: kinds, range: kinds.map(kind => shade(VERDICTS[kind]))}, legend: {orient: "top"}};
    const shape = {field: "kind", type: "nominal", title: null, scale: {domain: kinds, range: kinds.map(kind => VERDICTS[kind].shape)}, legend: {orient: "top"}};
    const y = {field: "difference", type: "quantitative", title: `difference in ${held.measures[measure].replace("final ", "")}`, scale: {domain, nice: false}};
    return {
        spec: {
            width: Math.max(120, width - 75), height: 240,
            layer: [
                {data: {values: [{low: -margin, high: margin}]}, mark: {type: "rect", color: pageColor("quiet"), opacity: 0.18}, encoding: {y: {...y, field: "low"}, y2: {field: "high"}}},
                {data: {values: [{}]}, mark: {type: "rule", color: pageColor("ink"), strokeWidth: 1}, encoding: {y: {datum: 0}}},
                {data: {values: shown}, mark: {type: "rule", clip: true, strokeWidth: 2}, encoding: {x, y: {...y, field: "low"}, y2: {field: "high"}, color}},
                {data: {values: shown}, mark: {type: "point", clip: true, filled: true, size: 90, opacity: 1, cursor: "pointer"},
                 encoding: {x, y, color, shape, tooltip: [{field: "setting"}, {field: "difference", format: ".3~g"}, {field: "low", title: "from", format: ".3~g"}, {field: "high", title: "to", format: ".3~g"}, {field: "verdict"}]}},
            ],
        },
        rows: rows.map(({setting, difference, low, high, verdict}) => ({
            ...spelled(setting), ...ofReference(reference), measure, difference, low, high, verdict, margin,
        })),
        said: [`The band is the margin of ${margin} on both sides, within which a difference counts as none; lines are 95 % intervals.`, said, unknown],
    };
}
