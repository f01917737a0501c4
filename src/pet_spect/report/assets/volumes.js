"use strict";
// Volumes of the report: scripts that call petSpect.add, unpacked to arrays, and made into images for NiiVue.
(() => {
  const arrived = new Map(), loading = new Map();

  function loadScript(address) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${address} cannot be loaded`));
      document.head.append(script);
    });
  }

  function load(name, address) {
    if (!loading.has(name)) loading.set(name, loadScript(address).then(() => unpack(...arrived.get(name))));
    return loading.get(name);
  }

  // The inverse of report/viewer/packed.py. Returns what is known of the volume, and its values: NaN is no value.
  async function unpack(about, text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    const [nx, ny, nz] = about.shape;
    const numbers = new Int32Array(nx * ny * nz);
    let at = 0;
    for (let nth = 0; nth < numbers.length; nth++) {
      let value = 0, bits = 0, byte;
      do {
        byte = packed[at++];
        value |= (byte & 127) << bits;
        bits += 7;
      } while (byte & 128);
      numbers[nth] = value & 1 ? -(value + 1) / 2 : value / 2;
    }
    if (about.smooth) {
      for (const [step, extent] of [[1, nx], [nx, ny], [nx * ny, nz]]) {
        for (let nth = 0; nth < numbers.length; nth++) {
          if (Math.floor(nth / step) % extent) numbers[nth] += numbers[nth - step];
        }
      }
    }
    if (about.slope === undefined) return { ...about, values: numbers };
    const values = Float32Array.from(numbers, (step) => (step ? step * about.slope + about.intercept : NaN));
    return { ...about, values };
  }

  // The value of the voxel that holds a point; NaN outside.
  function valueAt(volume, mm, values = volume.values) {
    const voxel = mm.map((x, axis) => Math.round((x - volume.origin_mm[axis]) / volume.voxel_mm[axis]));
    if (voxel.some((i, axis) => i < 0 || i >= volume.shape[axis])) return NaN;
    return values[voxel[0] + volume.shape[0] * (voxel[1] + volume.shape[1] * voxel[2])];
  }

  // Smooth along each axis with a Gaussian; voxels without a value have no weight, and get none.
  function smoothed(volume, values, fwhmMm) {
    const isKnown = values.map((x) => Number(Number.isFinite(x)));
    let sums = values.map((x) => (Number.isFinite(x) ? x : 0)), weights = isKnown;
    let stride = 1;
    volume.shape.forEach((extent, axis) => {
      const sigma = fwhmMm / 2.3548 / volume.voxel_mm[axis], reach = Math.ceil(3 * sigma);
      const bell = (i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2));
      const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => bell(i));
      [sums, weights] = [sums, weights].map((list) => alongAxis(list, kernel, stride, extent));
      stride *= extent;
    });
    return sums.map((sum, nth) => (isKnown[nth] ? sum / weights[nth] : NaN));
  }

  function alongAxis(list, kernel, stride, extent) {
    const reach = (kernel.length - 1) / 2;
    return list.map((_, nth) => {
      const at = Math.floor(nth / stride) % extent;
      let sum = 0;
      for (let step = Math.max(-reach, -at); step <= Math.min(reach, extent - 1 - at); step++) {
        sum += kernel[step + reach] * list[nth + step * stride];
      }
      return sum;
    });
  }

  function sameGrid(one, other) {
    return ["shape", "origin_mm", "voxel_mm"].every((key) => String(one[key]) === String(other[key]));
  }

  function cornerOf(volume) {
    return volume.origin_mm.map((x, axis) => x + (volume.shape[axis] - 1) * volume.voxel_mm[axis]);
  }

  // The voxel inside that lies nearest to the centre of all of them; null if there is none.
  function centreOf(volume, isInside) {
    const [nx, ny] = volume.shape, inside = [];
    volume.values.forEach((value, nth) => {
      if (!isInside(value)) return;
      const voxel = [nth % nx, Math.floor(nth / nx) % ny, Math.floor(nth / nx / ny)];
      inside.push(voxel.map((i, axis) => volume.origin_mm[axis] + i * volume.voxel_mm[axis]));
    });
    if (!inside.length) return null;
    const mean = [0, 1, 2].map((axis) => inside.reduce((sum, mm) => sum + mm[axis], 0) / inside.length);
    const distance = (mm) => Math.hypot(...mm.map((x, axis) => x - mean[axis]));
    return inside.reduce((best, mm) => (distance(mm) < distance(best) ? mm : best));
  }

  const INTENT_LABEL = 1002, INT16 = [4, 16], FLOAT32 = [16, 32], HEAD_BYTES = 352;

  // A NIfTI-1 file, upright, in mm. With a table of colours the values are labels, else numbers.
  function nifti(volume, values, isLabels) {
    const head = new DataView(new ArrayBuffer(HEAD_BYTES));
    const [kind, bits] = isLabels ? INT16 : FLOAT32;
    head.setInt32(0, 348, true);
    [3, ...volume.shape, 1, 1, 1, 1].forEach((extent, i) => head.setInt16(40 + 2 * i, extent, true));
    head.setInt16(68, isLabels ? INTENT_LABEL : 0, true);
    head.setInt16(70, kind, true);
    head.setInt16(72, bits, true);
    [1, ...volume.voxel_mm, 1, 1, 1, 1].forEach((mm, i) => head.setFloat32(76 + 4 * i, mm, true));
    head.setFloat32(108, HEAD_BYTES, true); // where the voxels begin
    head.setFloat32(112, 1, true); // slope
    head.setUint8(123, 2); // mm
    head.setInt16(254, 1, true); // the affine below counts
    for (let row = 0; row < 3; row++) {
      head.setFloat32(280 + 16 * row + 4 * row, volume.voxel_mm[row], true);
      head.setFloat32(280 + 16 * row + 12, volume.origin_mm[row], true);
    }
    [..."n+1"].forEach((letter, i) => head.setUint8(344 + i, letter.charCodeAt(0)));
    const voxels = new Uint8Array((isLabels ? Int16Array : Float32Array).from(values).buffer);
    const file = new Uint8Array(HEAD_BYTES + voxels.length);
    file.set(new Uint8Array(head.buffer));
    file.set(voxels, HEAD_BYTES);
    return file;
  }

  async function imageOf(volume, name, values, options, colours) {
    const url = nifti(volume, values, Boolean(colours));
    const image = await niivue.NVImage.loadFromUrl({ url, name: `${name}.nii`, ...options });
    if (colours) image.setColormapLabel(colourTable(colours));
    return image;
  }

  function colourTable(colours) {
    const all = [[0, 0, 0], ...colours];
    const [R, G, B] = [0, 1, 2].map((part) => all.map((colour) => colour[part]));
    return { R, G, B, A: all.map((colour, label) => (label ? 255 : 0)), I: all.map((colour, label) => label) };
  }

  const add = (name, about, text) => arrived.set(name, [about, text]);
  window.petSpect = { add, loadScript, load, valueAt, smoothed, sameGrid, cornerOf, centreOf, imageOf };
})();
