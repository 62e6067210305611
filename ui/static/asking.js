/** Having something done by the server (ui/actions.py). */

/** @param {any} server @param {any} command @returns {Promise<any>} its answer; `error` says what went wrong */
export const ask = (server, command) =>
  server.act(command).catch((/** @type {Error} */ error) => ({ error: `The server did not answer: ${error.message}` }));

/** What went wrong, altogether or with some of the runs; "" if nothing did. @param {any} told @returns {string} */
export const wrongIn = (told) => told.error ?? Object.values(told.errors ?? {}).join("; ");
