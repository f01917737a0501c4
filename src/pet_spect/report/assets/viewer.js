(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("viewer-data").textContent);
  const NIIVUE = "../assets/niivue.umd.js";
  const OUTSIDE = -1e9; // below every scale; NiiVue draws nothing there
  const FAINT = 0.004; // NiiVue leaves out what is wholly transparent, and with it the outline
  const ON_SCAN = [255, 255, 255], ON_DIFFERENCE = [0, 0, 0], LESION = [46, 230, 107]; // neither map holds them
  const SCALE = "uptake", DIFFERENCE = "difference";
  // What lies below a scale has the first colour, which is transparent.
  const MAPS = {
    [SCALE]: {
      R: [0, 0, 87, 188, 249, 252], G: [0, 0, 16, 55, 142, 255], B: [4, 4, 110, 84, 9, 164],
      A: [0, 255, 255, 255, 255, 255], I: [0, 1, 64, 128, 192, 255],
    },
    [DIFFERENCE]: evenly(data.difference_colours),
  };
  const MOVES = {
    ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0],
    PageUp: [0, 0, 1], PageDown: [0, 0, -1],
  };
  const ZOOMS = { "+": 1.5, "=": 1.5, "-": 1 / 1.5 };
  const SIDES = { left: "person's left", right: "person's right", "n/a": "midline or both sides" };

  function evenly(colours) {
    const channel = (i) => [colours[0][i], ...colours.map((colour) => colour[i])];
    const places = colours.map((_, k) => 1 + Math.round((254 * k) / (colours.length - 1)));
    return { R: channel(0), G: channel(1), B: channel(2), A: [0, ...colours.map(() => 255)], I: [0, ...places] };
  }

  const visits = ["first", "second"], screens = [];
  let petSpect, standard, regions, lesion, images, shown, here;
  const tracer = () => data.tracers[$("tracer").value];
  const isTarget = (label) => regions.target.includes(label);
  const sideOf = (label) => regions.regions[label][1];
  const capital = (words) => words[0].toUpperCase() + words.slice(1);
  const spaced = (name) => name.replaceAll("_", " ");

  // ---- layers ----
  async function makeShared() {
    const labels = Object.keys(regions.regions).map(Number);
    const dense = new Map(labels.map((label, i) => [label, i + 1]));
    const grey = (i) => [90 + ((i * 37) % 120), 130 + ((i * 61) % 100), 150 + ((i * 23) % 100)];
    const target = regions.values.map((label) => Number(isTarget(label)));
    const all = regions.values.map((label) => dense.get(label) ?? 0);
    const named = (line) => labels.map((n, i) => (isTarget(n) ? line : grey(i)));
    const marks = async (line) => ({
      target: await petSpect.imageOf(regions, "target", target, {}, [line]),
      all: await petSpect.imageOf(regions, "regions", all, {}, named(line)),
    });
    const brain = standard.values.map((x) => (Number.isFinite(x) ? x : 0));
    images = {
      standard: await petSpect.imageOf(standard, "standard", brain, { colormap: "gray", cal_min: 0, cal_max: 1 }),
      onScan: await marks(ON_SCAN),
      onDifference: await marks(ON_DIFFERENCE),
      lesion: await petSpect.imageOf(lesion, "lesion", lesion.values, {}, [LESION]),
    };
  }

  // Both visits relative to their reference if both have one, else both in their own unit.
  async function prepare() {
    const pair = visits.map((name) => tracer().scans[$(name).value]);
    const load = (scan) => (scan.volume ? petSpect.load(scan.volume, scan.source) : null);
    const volumes = await Promise.all(pair.map(load));
    const isRatio = Boolean(tracer().reference) && pair.every((scan) => !scan.volume || scan.divisor);
    const values = volumes.map((volume, i) => volume && volume.values.map((x) => x / (isRatio ? pair[i].divisor : 1)));
    const present = volumes.filter(Boolean);
    const isOneUnit = isRatio || new Set(present.map((volume) => volume.unit)).size < 2;
    const fault = whyNoDifference(pair, present, isOneUnit);
    shown = { pair, volumes, values, isRatio, fault, top: topOf(values.filter(Boolean)) };
    const points = isRatio ? 100 : 1;
    shown.difference = fault ? null : values[1].map((x, i) => points * (x - values[0][i]));
    shown.points = isRatio ? "points" : (present[0]?.unit ?? "its own unit");
    shown.unit = isRatio
      ? `Uptake relative to ${tracer().reference}`
      : `Uptake in ${present[0]?.unit ?? "its own unit"}, not divided by a reference: brightness depends on the dose`;
    const drawn = (list) => list.map((x) => (Number.isFinite(x) ? x : OUTSIDE));
    const scale = { colormap: SCALE, cal_min: 0, cal_max: shown.top };
    shown.images = await Promise.all(
      volumes.map((volume, i) => volume && petSpect.imageOf(volume, pair[i].volume, drawn(values[i]), scale)),
    );
  }

  function whyNoDifference(pair, present, isOneUnit) {
    const without = pair.find((scan) => !scan.volume);
    if (without) return `${without.session} has no volume`;
    if (pair[0] === pair[1]) return `both pictures show ${pair[0].session}`;
    if (!isOneUnit) return "the two visits have different units";
    return petSpect.sameGrid(...present) ? "" : "the two visits lie on different grids";
  }

  function topOf(lists) {
    const known = Float32Array.from(lists.flatMap((list) => Array.from(list.filter(Number.isFinite)))).sort();
    return known.length ? Number(known[Math.floor(0.998 * (known.length - 1))].toPrecision(2)) : 1;
  }

  function differenceImage(most, fwhmMm) {
    const { difference, volumes } = shown;
    shown.smoothed = fwhmMm ? petSpect.smoothed(volumes[0], difference, fwhmMm) : difference;
    const clipped = shown.smoothed.map((x) => (Number.isFinite(x) ? Math.max(-most, Math.min(most, x)) : OUTSIDE));
    const scale = { colormap: DIFFERENCE, cal_min: -most * 1.01, cal_max: most };
    return petSpect.imageOf(volumes[0], "difference", clipped, scale);
  }

  async function draw() {
    const upper = shown.top * $("upper").value, share = Number($("difference-range").value);
    const most = shown.isRatio ? share : (share / 100) * upper;
    const fwhmMm = Number($("smoothing").value);
    const difference = $("difference-on").checked && shown.difference ? await differenceImage(most, fwhmMm) : null;
    const isFilled = $("filled").checked, strength = Number($("regions-opacity").value);
    images.standard.opacity = $("template-on").checked ? Number($("template-opacity").value) : 0;
    const marksOn = (on) => [on[$("regions").value], $("lesion-on").checked ? images.lesion : null].filter(Boolean);
    const marks = [marksOn(images.onScan), marksOn(difference ? images.onDifference : images.onScan)];
    for (const mark of marks.flat()) mark.opacity = isFilled ? strength : FAINT;
    for (const image of shown.images.filter(Boolean)) image.cal_max = upper;
    screens.forEach((screen, i) => {
      const scan = i && difference ? difference : shown.images[i];
      if (scan) scan.opacity = Number($("scan-opacity").value);
      const layers = [images.standard, ...(scan && $("scan-on").checked ? [scan] : []), ...marks[i]];
      screen.opts.atlasOutline = isFilled ? 0 : strength;
      Object.assign(screen, { volumes: layers, back: layers[0], overlays: layers.slice(1) });
      screen.updateGLVolume();
    });
    colourBar("scale", SCALE, `${shown.unit}; one scale for both pictures`, [0, upper / 2, upper]);
    const [first, second] = shown.pair.map((scan) => scan.session);
    const how = fwhmMm ? `smoothed to ${fwhmMm} mm FWHM` : "not smoothed";
    const unit = shown.isRatio ? `points (1 point = 1 % of ${tracer().reference})` : shown.points;
    const sense = `Blue: more at ${second}, orange: less`;
    const words = `Second picture: ${second} minus ${first}, ${unit}, ${how}. ${sense}; larger ones have the end colour`;
    if (!difference) shown.smoothed = null;
    $("difference-scale").hidden = !difference;
    colourBar("difference", DIFFERENCE, words, [-most, 0, most], signed);
    writeCaptions(Boolean(difference));
    describe();
  }

  function writeCaptions(isDifference) {
    const ofVisit = ({ session, status, reason }) => `${session}, ${tracer().tracer}: ${status}${reason ? `, ${reason}` : ""}`;
    visits.forEach((name, i) => { $(`${name}-caption`).textContent = ofVisit(shown.pair[i]); });
    if (!isDifference) return;
    const [first, second] = shown.pair, unused = shown.pair.filter((scan) => scan.status !== "measured").map(ofVisit);
    const words = `${second.session} minus ${first.session}, ${tracer().tracer}: difference`;
    $("second-caption").textContent = [words, ...unused].join("; ");
  }

  function colourBar(name, map, words, ticks, written = digits) {
    const canvas = $(`${name}-bar`), context = canvas.getContext("2d"), colours = screens[0].colormap(map);
    for (let x = 0; x < canvas.width; x++) {
      context.fillStyle = `rgb(${colours.slice(4 * x, 4 * x + 3).join(", ")})`;
      context.fillRect(x, 0, 1, canvas.height);
    }
    $(`${name}-unit`).textContent = words;
    const tick = (value) => Object.assign(document.createElement("span"), { textContent: written(value) });
    $(`${name}-ticks`).replaceChildren(...ticks.map(tick));
  }

  // ---- the crosshair ----
  const digits = (x) => (Math.abs(x) >= 1000 ? String(Math.round(x)) : String(Number(x.toPrecision(3))));
  const signed = (x) => (x > 0 ? "+" : "") + digits(x);

  function describe() {
    const half = here[0] < 0 ? SIDES.left : here[0] > 0 ? SIDES.right : "midline";
    $("place").textContent = `x ${digits(here[0])}, y ${digits(here[1])}, z ${digits(here[2])} mm: ${half}`;
    const label = petSpect.valueAt(regions, here), entry = regions.regions[label];
    const target = isTarget(label) ? " (target)" : "";
    $("region").textContent = entry ? `${spaced(entry[0])}, ${SIDES[entry[1]]}${target}` : "none of the atlas";
    $("in-lesion").textContent = `${petSpect.valueAt(lesion, here) > 0 ? "inside" : "outside"} the ${data.lesion}`;
    const values = shown.volumes.map((volume, i) => (volume ? petSpect.valueAt(volume, here, shown.values[i]) : NaN));
    visits.forEach((name, i) => {
      $(`${name}-name`).textContent = shown.pair[i].session;
      $(`${name}-value`).textContent = valueText(i, values[i]);
    });
    const change = values[1] - values[0], points = shown.isRatio ? 100 : 1;
    const percent = values[0] > 0 ? ` (${signed((100 * change) / values[0])} % of ${shown.pair[0].session})` : "";
    const seen = shown.smoothed && petSpect.valueAt(shown.volumes[0], here, shown.smoothed);
    const drawn = shown.smoothed ? `; in the picture ${signed(seen)}` : "";
    const isKnown = shown.difference && Number.isFinite(change);
    const why = shown.fault || "not in view, or not near the brain";
    $("difference-value").textContent = isKnown
      ? `${signed(points * change)} ${shown.points}${percent}${drawn}`
      : `n/a: ${why}`;
  }

  function valueText(i, value) {
    const { divisor, reason } = shown.pair[i], unit = shown.volumes[i]?.unit;
    if (!shown.volumes[i]) return `no volume: ${reason}`;
    if (!Number.isFinite(value)) return "not in view, or not near the brain";
    return shown.isRatio ? `${digits(value)} (${digits(value * divisor)} ${unit})` : `${digits(value)} ${unit}`;
  }

  function moveTo(mm) {
    const low = standard.origin_mm, high = petSpect.cornerOf(standard);
    here = mm.map((x, axis) => Math.min(high[axis], Math.max(low[axis], x)));
    for (const screen of screens) {
      screen.scene.crosshairPos = screen.mm2frac(here);
      screen.drawScene();
    }
    describe();
  }

  function zoom(factor) {
    const high = petSpect.cornerOf(standard), size = Math.min(8, Math.max(1, screens[0].scene.pan2Dxyzmm[3] * factor));
    const shift = here.map((mm, axis) => (size > 1 ? (standard.origin_mm[axis] + high[axis]) / 2 - mm : 0));
    for (const screen of screens) screen.setPan2Dxyzmm([...shift, size]);
  }

  function onKey(event) {
    event.stopPropagation(); // NiiVue has keys of its own
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const move = MOVES[event.key], factor = ZOOMS[event.key];
    if (!move && !factor) return;
    event.preventDefault();
    if (factor) zoom(factor);
    else moveTo(here.map((mm, axis) => mm + move[axis] * standard.voxel_mm[axis] * (event.shiftKey ? 5 : 1)));
  }

  async function makeScreen(name) {
    const box = $(`${name}-screen`), canvas = $(`${name}-canvas`);
    const screen = new niivue.Niivue({
      logLevel: "error", loadingText: "", dragAndDropEnabled: false, isRadiologicalConvention: false,
      sagittalNoseLeft: false, showAllOrientationMarkers: true, isForceMouseClickToVoxelCenters: true,
      multiplanarShowRender: 0, multiplanarLayout: 2, dragMode: 0, isNearestInterpolation: true,
      crosshairWidth: 0.5, crosshairColor: [1, 0.79, 0.3, 0.9], fontColor: [1, 1, 1, 1],
    });
    for (const [map, colours] of Object.entries(MAPS)) screen.addColormap(map, colours);
    await screen.attachToCanvas(canvas, false);
    const keepBack = (event) => event.stopPropagation();
    box.addEventListener("keydown", onKey, true);
    box.addEventListener("keyup", keepBack, true);
    box.addEventListener("dblclick", keepBack, true); // NiiVue would set a scale of its own
    box.addEventListener("wheel", (event) => document.activeElement === canvas || keepBack(event), true);
    screen.onLocationChange = ({ mm }) => {
      const place = Array.from(mm).slice(0, 3).map((x) => Math.round(x * 1000) / 1000);
      if (shown && String(place) !== String(here)) moveTo(place);
    };
    screens.push(screen);
  }

  // ---- the page ----
  function fillVisits() {
    const scans = tracer().scans;
    for (const name of visits) $(name).replaceChildren(...scans.map((scan, i) => new Option(scan.session, i)));
    $("second").value = Math.min(1, scans.length - 1);
  }

  async function show() {
    $("message").textContent = "Loading.";
    await prepare();
    $("difference-on").disabled = Boolean(shown.fault);
    const of = shown.isRatio ? "points" : "% of the scale";
    for (const option of $("difference-range").options) option.textContent = `${option.value} ${of}`;
    await draw();
    $("message").textContent = "";
  }

  function addJumps() {
    const names = [...new Set(regions.target.map((label) => spaced(regions.regions[label][0])))].join(", ");
    const what = names.includes("precentral") ? `motor cortex (${names})` : names;
    const onSide = (side) => petSpect.centreOf(regions, (label) => isTarget(label) && sideOf(label) === side);
    const places = { left: onSide("left"), right: onSide("right") };
    const lesionPlace = petSpect.centreOf(lesion, (value) => value > 0);
    const jumps = [[`Left ${what}`, places.left], [`Right ${what}`, places.right], [capital(data.lesion), lesionPlace]];
    for (const [text, place] of jumps) {
      if (!place) continue;
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      button.addEventListener("click", () => moveTo(place));
      $("jumps").append(button);
    }
    return places[data.side] ?? places.left ?? [0, 0, 0];
  }

  function listen() {
    const safely = (work) => () => work().catch(fail);
    $("tracer").addEventListener("change", () => { fillVisits(); show().catch(fail); });
    for (const name of visits) $(name).addEventListener("change", safely(show));
    const layers = document.querySelectorAll(".layers :is(input, select)");
    for (const field of layers) field.addEventListener("change", safely(draw));
    const cut = () => screens.forEach((screen) => screen.setSliceType(Number($("cuts").value)));
    $("cuts").addEventListener("change", cut);
    $("closer").addEventListener("click", () => zoom(1.5));
    $("farther").addEventListener("click", () => zoom(1 / 1.5));
  }

  async function start() {
    if (!document.createElement("canvas").getContext("webgl2")) throw new Error("this browser has no WebGL 2");
    if (!window.petSpect) throw new Error("the folder report/assets is not beside this page");
    petSpect = Object.assign(window.petSpect, { screens, moveTo });
    $("stand-in").hidden = true;
    $("message").textContent = "Loading.";
    await petSpect.loadScript(NIIVUE);
    const names = ["standard", `${data.participant}_regions`, `${data.participant}_lesion`];
    [standard, regions, lesion] = await Promise.all(names.map((name) => petSpect.load(name, data.sources[name])));
    $("viewer").hidden = false;
    for (const name of visits) await makeScreen(name);
    await makeShared();
    $("tracer").replaceChildren(...data.tracers.map((entry, i) => new Option(entry.tracer, i)));
    fillVisits();
    here = addJumps();
    await show();
    moveTo(here);
    listen();
    $("viewer").dataset.ready = "";
  }

  function fail(error) {
    $("viewer").hidden = true;
    $("stand-in").hidden = false;
    $("message").textContent = `The viewer does not run here: ${error.message}. The pictures are shown instead.`;
  }

  start().catch(fail);
})();
