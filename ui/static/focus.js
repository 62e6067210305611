/** What the person points at, shared by every panel: a digit, or a code of a level; its images then stand out everywhere. */

/** @typedef {{ level: number, index: number }} Code */

export class Focus extends EventTarget {
  constructor() {
    super();
    /** @type {number | null} */
    this.digit = null;
    /** @type {Code | null} */
    this.code = null;
  }

  /** @param {number | null} digit */
  onDigit(digit) {
    if (this.digit === digit && !this.code) return;
    this.digit = digit;
    this.code = null;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Code | null} code */
  onCode(code) {
    if (this.code?.level === code?.level && this.code?.index === code?.index) return;
    this.digit = null;
    this.code = code;
    this.dispatchEvent(new Event("change"));
  }

  /** Which images stand out; null: all alike. @param {Uint8Array} labels @param {Uint16Array[]} assigned [L][P] */
  mask(labels, assigned) {
    const { digit, code } = this;
    if (digit !== null) return Array.from(labels, (label) => label === digit);
    const chosen = code && assigned[code.level];
    return chosen ? Array.from(chosen, (index) => index === code.index) : null;
  }
}
