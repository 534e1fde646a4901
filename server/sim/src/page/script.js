// Asks for the list whenever something has changed, and puts it in the place of the old one. The server
// has escaped every text in it.
const phones = document.getElementById("phones");
const stale = document.getElementById("stale");

async function follow() {
  let change = phones.dataset.change;
  for (;;) {
    try {
      const response = await fetch(`/page/phones?after=${change}`);
      if (!response.ok) throw new Error(String(response.status));
      const html = await response.text();
      if (response.headers.get("x-change") !== change) phones.innerHTML = html;
      change = response.headers.get("x-change");
      stale.hidden = true;
    } catch {
      stale.hidden = false;
      await new Promise((again) => setTimeout(again, 1000));
    }
  }
}

follow();
