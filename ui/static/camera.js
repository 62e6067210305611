/**
 * Zooming and moving a plane by wheel, pinch, drag and keys. Once somebody looked closer, the view is theirs: new data
 * does not move it, until they go back.
 */
import { projection } from "./axes.js";

/** @typedef {import("./axes.js").Box} Box */

const CLOSEST = 1e-4;

/** What somebody looked closer at. Planes that are to be seen side by side share one, so that zooming one zooms all. */
export class Lens {
  /** @type {Box | null} */
  box = null;
  /** @type {Set<() => void>} */
  watchers = new Set();

  /** @param {Box | null} box null: the whole */
  show(box) {
    this.box = box;
    for (const moved of this.watchers) moved();
  }
}

export class Camera {
  /**
   * @param {HTMLElement} surface what is touched
   * @param {() => Box} automatic the bounds when nobody zoomed
   * @param {() => void} moved
   * @param {Lens} lens its own, or shared with other cameras
   */
  constructor(surface, automatic, moved, lens) {
    this.surface = surface;
    this.automatic = automatic;
    this.lens = lens;
    this.watcher = () => {
      surface.classList.toggle("zoomed", lens.box !== null);
      moved();
    };
    lens.watchers.add(this.watcher);
    /** @type {Map<number, { x: number, y: number }>} */
    this.fingers = new Map();
    this.#listen();
  }

  /** @returns {Box} */
  get box() {
    return this.lens.box ?? this.automatic();
  }

  reset() {
    this.lens.show(null);
  }

  close() {
    this.lens.watchers.delete(this.watcher);
  }

  /** @param {number} factor below 1: closer @param {number} x @param {number} y pixels that stay where they are */
  zoom(factor, x = this.surface.clientWidth / 2, y = this.surface.clientHeight / 2) {
    const { box } = this;
    const at = projection(box, this.surface.clientWidth, this.surface.clientHeight);
    const [cx, cy] = [at.left + x / at.scale, at.top - y / at.scale];
    const limited = Math.max(factor, CLOSEST / (box[2] - box[0]));
    const whole = this.automatic();
    if (limited > 1 && (box[2] - box[0]) * limited > 20 * (whole[2] - whole[0])) return;
    const scaled = box.map((value, i) => (i % 2 ? cy : cx) + (value - (i % 2 ? cy : cx)) * limited);
    this.lens.show(/** @type {Box} */ (scaled));
  }

  /** @param {number} dx @param {number} dy pixels */
  move(dx, dy) {
    const { box } = this;
    const { scale } = projection(box, this.surface.clientWidth, this.surface.clientHeight);
    this.lens.show(/** @type {Box} */ (box.map((value, i) => value + (i % 2 ? dy : -dx) / scale)));
  }

  /** True if the key meant something. @param {string} key */
  press(key) {
    const step = 40;
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => this.zoom(0.8),
      "=": () => this.zoom(0.8),
      "-": () => this.zoom(1.25),
      0: () => this.reset(),
      Home: () => this.reset(),
      ArrowLeft: () => this.move(step, 0),
      ArrowRight: () => this.move(-step, 0),
      ArrowUp: () => this.move(0, step),
      ArrowDown: () => this.move(0, -step),
    };
    keys[key]?.();
    return key in keys;
  }

  #listen() {
    const { surface } = this;
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    surface.addEventListener("dblclick", () => this.reset());
    surface.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    surface.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      surface.addEventListener(end, (event) => this.fingers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
  }

  /** A page that scrolls keeps its wheel until the plane was clicked. @param {WheelEvent} event */
  #wheel(event) {
    const page = document.documentElement;
    const scrolls = page.scrollHeight > page.clientHeight + 8;
    if (scrolls && !event.ctrlKey && document.activeElement !== this.surface) return;
    event.preventDefault();
    const place = this.surface.getBoundingClientRect();
    this.zoom(Math.exp(Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 120) * 0.0018), event.clientX - place.x, event.clientY - place.y);
  }

  /** One finger moves, two zoom. @param {PointerEvent} event */
  #drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const [first, second] = [...this.fingers.values()];
    this.fingers.set(event.pointerId, now);
    if (second) {
      const other = first === before ? second : first;
      const place = this.surface.getBoundingClientRect();
      const ratio = distance(before, other) / Math.max(distance(now, other), 1);
      this.zoom(ratio, (now.x + other.x) / 2 - place.x, (now.y + other.y) / 2 - place.y);
    } else if (event.pointerType === "mouse" || this.lens.box) {
      this.surface.setPointerCapture(event.pointerId);
      this.move(now.x - before.x, now.y - before.y);
    }
  }
}

/** @param {{ x: number, y: number }} a @param {{ x: number, y: number }} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
