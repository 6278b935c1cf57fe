// What the page holds: the settings, and tables of numbers, column by column.
const held = JSON.parse(document.getElementById("data").textContent);

async function inflate(gzip) {
    const packed = await fetch(`data:;base64,${gzip}`);
    return new Response(packed.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function unpack({columns, rows, gzip}) {
    const values = new Float64Array(await inflate(gzip));
    const table = columns.map((name, place) => [name, values.subarray(place * rows, (place + 1) * rows)]);
    return {rows, ...Object.fromEntries(table)};
}

// The rows of each run of a table that is sorted by setting and replicate: [first, after the last].
function runsOf({rows, setting, replicate}) {
    const runs = [];
    for (let row = 0; row < rows; row++) {
        if (row === 0 || setting[row] !== setting[row - 1] || replicate[row] !== replicate[row - 1])
            runs.push({setting: setting[row], replicate: replicate[row], first: row, end: rows});
        runs.at(-1).end = row + 1;
    }
    return runs;
}

const curves = await unpack(held.curves);
const finals = await unpack(held.finals);
const runs = runsOf(curves);
const severalRates = new Set(held.settings.map(setting => setting.learning_rate)).size > 1;
// As a link spells a setting, and as a reader does.
held.settings.forEach((setting, number) => {
    setting.number = number;
    setting.key = `${setting.schedule === "constant" ? setting.batch_size : setting.schedule}@${setting.learning_rate}`;
    setting.name = `batch size ${setting.words}` + (severalRates ? `, rate ${Number(setting.learning_rate.toPrecision(6))}` : "");
});
const byKey = Object.fromEntries(held.settings.map(setting => [setting.key, setting]));

// A number as people read it: three significant digits and more where these are all before the point.
function number(value) {
    if (value === null || Number.isNaN(value)) return "-";
    if (Number.isInteger(value) || Math.abs(value) >= 999.5) return value.toFixed(0);
    return value.toPrecision(3).replace(/e.*/, power => `e${Number(power.slice(1))}`);
}

function interval([estimate, low, high]) {
    return low === null ? number(estimate) : `${number(estimate)} [${number(low)}, ${number(high)}]`;
}

function quantile(sorted, share) {
    const place = share * (sorted.length - 1), low = Math.floor(place);
    return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function csv(columns, rows) {
    const cell = value => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value ?? "");
    return [columns, ...rows.map(row => columns.map(column => row[column]))].map(row => row.map(cell).join(",") + "\n").join("");
}
