/** The element of the page that the interface is drawn into. */
export function root(): HTMLElement {
  const element = document.getElementById("app");
  if (element === null) throw new Error("the page has no element #app");
  return element;
}
