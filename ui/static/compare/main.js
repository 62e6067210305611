/** The Compare tab's script. @param {{ element: HTMLElement, props: any, server: any }} bridge */
export function start(bridge) {
  return bridge;
}
