import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";

import { ANNOUNCE_AFTER_MS } from "../src/features/inbox/inbox.svelte";
import type { NotificationView } from "../src/generated/NotificationView";
import { FakePlatform } from "../src/platform/fake";
import { sample, samples } from "../src/platform/sample";
import { PlatformError } from "../src/platform/types";
import { openWindow, row, rows, titles } from "./window";

describe("the list", () => {
  test("shows the history, newest first, and says that there is none", async () => {
    await openWindow(new FakePlatform(samples(3)));
    await row("Notification 3");
    expect(titles()).toEqual(["Notification 3", "Notification 2", "Notification 1"]);
  });

  test("says so when there is nothing", async () => {
    await openWindow(new FakePlatform());
    expect(await screen.findByText("Nothing here yet")).toBeVisible();
    expect(screen.getByRole("button", { name: "Mark all read" })).toBeDisabled();
  });

  test("puts what arrives on top, live", async () => {
    const platform = new FakePlatform(samples(2));
    await openWindow(platform);
    await row("Notification 2");
    platform.arrive(sample({ id: "ntf_9", title: "Fresh", acceptedAt: "2026-11-21T11:00:00Z" }));
    await row("Fresh");
    expect(titles()[0]).toBe("Fresh");
    expect(screen.getByText("3 unread notifications")).toBeVisible();
  });

  test("shows a notification once, however often it is told of it", async () => {
    const platform = new FakePlatform();
    await openWindow(platform);
    const item = sample({ title: "Only once" });
    platform.arrive(item);
    platform.arrive(item);
    await row("Only once");
    expect(rows()).toHaveLength(1);
  });

  test("drops what is recalled, from the list and from the open detail", async () => {
    const platform = new FakePlatform(samples(3));
    const user = await openWindow(platform);
    await user.click(await row("Notification 2"));
    expect(await screen.findByRole("heading", { name: "Notification 2" })).toBeVisible();
    platform.remove("ntf_0002");
    await waitFor(() => expect(titles()).toEqual(["Notification 3", "Notification 1"]));
    expect(screen.queryByRole("heading", { name: "Notification 2" })).toBeNull();
  });

  test("says what is unread in words too", async () => {
    await openWindow(
      new FakePlatform([
        sample({ id: "a", title: "New" }),
        sample({ id: "b", title: "Old", isRead: true }),
      ]),
    );
    expect(await screen.findByRole("button", { name: /Unread: New/ })).toBeVisible();
    expect(screen.getByRole("button", { name: /Old/ })).not.toHaveAccessibleName(/Unread/);
  });

  test("shows older pages when asked", async () => {
    const user = await openWindow(new FakePlatform(samples(120)));
    await waitFor(() => expect(rows()).toHaveLength(50));
    await user.click(screen.getByText("Show older"));
    await waitFor(() => expect(rows()).toHaveLength(100));
    await user.click(screen.getByText("Show older"));
    await waitFor(() => expect(rows()).toHaveLength(120));
    expect(screen.queryByText("Show older")).toBeNull();
  });

  test("has what was sent long ago and comes just now, although older pages are not held", async () => {
    const platform = new FakePlatform(samples(120));
    const user = await openWindow(platform);
    await waitFor(() => expect(rows()).toHaveLength(50));
    const late = { acceptedAt: "2026-11-20T10:00:00Z", receivedAt: "2026-11-21T10:30:00Z" };
    platform.arrive(sample({ id: "late", title: "Sent long ago", ...late }));
    await row("Sent long ago");
    expect(rows()).toHaveLength(51);
    // What only changes on a page that is not held stays there.
    platform.readElsewhere("ntf_0002");
    expect(await screen.findByText("120 unread notifications")).toBeVisible();
    expect(rows()).toHaveLength(51);
    expect(titles().at(-1)).toBe("Sent long ago");
    await user.click(screen.getByText("Show older"));
    await waitFor(() => expect(rows().length).toBeGreaterThan(51));
    await user.click(screen.getByText("Show older"));
    await waitFor(() => expect(rows()).toHaveLength(121));
    expect(titles().at(-1)).toBe("Sent long ago");
  });

  test("reads itself again when too much has changed", async () => {
    const platform = new FakePlatform(samples(3));
    await openWindow(platform);
    await row("Notification 3");
    platform.replaceHistory([sample({ title: "Another history" })]);
    await row("Another history");
    expect(rows()).toHaveLength(1);
  });

  test("keeps what changes while a page is on its way", async () => {
    const platform = new FakePlatform(samples(3));
    platform.isHistorySlow = true;
    await openWindow(platform);
    platform.arrive(sample({ id: "ntf_9", title: "Fresh", acceptedAt: "2026-11-21T11:00:00Z" }));
    platform.remove("ntf_0002");
    platform.release();
    await row("Notification 3");
    expect(titles()).toEqual(["Fresh", "Notification 3", "Notification 1"]);
  });

  test("draws markup as the text it is", async () => {
    const markup = "<b>bold</b><img src=x onerror=alert(1)>";
    const user = await openWindow(new FakePlatform([sample({ title: markup, body: markup })]));
    await user.click(await row("<b>bold"));
    expect(screen.getByRole("heading", { name: markup })).toBeVisible();
    expect(document.querySelector("b, img")).toBeNull();
  });
});

describe("reading", () => {
  test("opening shows the whole and marks it read", async () => {
    const platform = new FakePlatform(samples(2));
    const user = await openWindow(platform);
    await user.click(await row("Notification 2"));
    expect(await screen.findByRole("heading", { name: "Notification 2" })).toHaveFocus();
    expect(platform.calls).toContain("open ntf_0002");
    await waitFor(() => expect(document.title).toBe("(1) Vestnik"));
    expect(await row("Notification 2")).not.toHaveAccessibleName(/Unread/);
    expect(screen.getByText(/^Read 21 November 2026/)).toBeVisible();
  });

  test("what is read elsewhere is read here", async () => {
    const platform = new FakePlatform(samples(3));
    await openWindow(platform);
    await screen.findByRole("button", { name: /Unread: Notification 3/ });
    platform.readElsewhere("ntf_0003", "ntf_0002");
    await waitFor(() =>
      expect(screen.queryByRole("button", { name: /Unread: Notification 3/ })).toBeNull(),
    );
    expect(screen.getByText("1 unread notification")).toBeVisible();
    expect(document.title).toBe("(1) Vestnik");
  });

  test("everything can be read at once", async () => {
    const user = await openWindow(new FakePlatform(samples(3)));
    await row("Notification 3");
    await user.click(screen.getByRole("button", { name: "Mark all read" }));
    expect(await screen.findByText("All read")).toBeVisible();
    expect(document.title).toBe("Vestnik");
    expect(screen.queryAllByRole("button", { name: /Unread:/ })).toEqual([]);
  });

  test("a toast's click opens what it shows, loaded or not", async () => {
    const platform = new FakePlatform(samples(60));
    const user = await openWindow(platform);
    await row("Notification 60");
    await user.click(screen.getByRole("button", { name: "Settings" }));
    platform.clickToast("ntf_0001");
    expect(await screen.findByRole("heading", { name: "Notification 1" })).toBeVisible();
    expect(rows()).toHaveLength(50);
  });

  test("a toast's click opens what it shows, whatever is read again meanwhile", async () => {
    const platform = new FakePlatform(samples(60));
    await openWindow(platform);
    await row("Notification 60");
    platform.clickToast("ntf_0001");
    platform.replaceHistory(samples(60));
    expect(await screen.findByRole("heading", { name: "Notification 1" })).toBeVisible();
  });

  test("what is opened last is what is shown", async () => {
    const platform = new FakePlatform(samples(60));
    await openWindow(platform);
    await row("Notification 60");
    platform.clickToast("ntf_0001");
    platform.clickToast("ntf_0060");
    expect(await screen.findByRole("heading", { name: "Notification 60" })).toBeVisible();
    await waitFor(() => expect(platform.calls).toContain("open ntf_0060"));
    expect(screen.queryByRole("heading", { name: "Notification 1" })).toBeNull();
  });

  test("new contents of what is open leave the focus where it is", async () => {
    const platform = new FakePlatform(samples(2));
    const user = await openWindow(platform);
    await user.click(await row("Notification 2"));
    expect(await screen.findByRole("heading", { name: "Notification 2" })).toHaveFocus();
    const field = screen.getByRole("searchbox", { name: "Search notifications" });
    await user.click(field);
    platform.arrive(sample({ id: "ntf_0002", title: "Notification 2, corrected" }));
    expect(await screen.findByRole("heading", { name: /corrected/ })).toBeVisible();
    expect(field).toHaveFocus();
  });

  test("a window that a toast brought up begins with it", async () => {
    await openWindow(new FakePlatform(samples(3), { opened: "ntf_0002" }));
    expect(await screen.findByRole("heading", { name: "Notification 2" })).toBeVisible();
  });

  test("a link says where it leads and is followed by the host", async () => {
    const platform = new FakePlatform([sample({ link: { host: "shop.example" } })]);
    const user = await openWindow(platform);
    await user.click(await row("Your order"));
    await user.click(await screen.findByRole("button", { name: "Open shop.example" }));
    expect(platform.calls).toContain("followLink ntf_1");
  });

  test("a button tells the sender, by the keyboard too", async () => {
    const actions: NotificationView["actions"] = [
      { kind: "callback", id: "ok", title: "I am at home" },
      { kind: "link", id: "map", title: "See on the map", host: "map.example" },
    ];
    const platform = new FakePlatform([sample({ actions })]);
    const user = await openWindow(platform);
    await user.click(await row("Your order"));
    const button = await screen.findByRole("button", { name: "I am at home" });
    button.focus();
    await user.keyboard("{Enter}");
    expect(platform.calls).toContain("press ntf_1 ok");
    expect(await screen.findByText("The sender will be told.")).toBeVisible();
    expect(screen.getByText("map.example")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "See on the map" }));
    expect(platform.calls).toContain("press ntf_1 map");
  });

  test("an answer is written and sent, and Escape leaves the text only", async () => {
    const actions: NotificationView["actions"] = [
      { kind: "reply", id: "answer", title: "Write to the courier", placeholder: "Your message" },
    ];
    const platform = new FakePlatform([sample({ actions })]);
    const user = await openWindow(platform);
    await user.click(await row("Your order"));
    const button = await screen.findByRole("button", { name: "Write to the courier" });
    await user.click(button);
    const field = screen.getByRole("textbox", { name: "Write to the courier" });
    expect(field).toHaveFocus();
    expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("textbox", { name: "Write to the courier" })).toBeNull();
    expect(screen.getByRole("heading", { name: "Your order is on its way" })).toBeVisible();
    await user.click(button);
    await user.keyboard("Ring twice");
    platform.failure = new PlatformError("disk_full", "no space left");
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full.");
    expect(screen.getByRole("textbox", { name: "Write to the courier" })).toHaveValue("Ring twice");
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(platform.calls).toContain('reply ntf_1 answer "Ring twice"');
    expect(await screen.findByText("Your answer is kept and on its way.")).toBeVisible();
    // It was said of the first answer, not of the next one.
    await user.click(button);
    expect(screen.queryByText("Your answer is kept and on its way.")).toBeNull();
  });

  test("a refusal is said in words, and can be put away", async () => {
    const platform = new FakePlatform(samples(1));
    const user = await openWindow(platform);
    await row("Notification 1");
    platform.failure = new PlatformError("disk_full", "no space left");
    await user.click(screen.getByRole("button", { name: "Mark all read" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full.");
    await user.click(screen.getByRole("button", { name: "Hide this message" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("what was refused is said until the person goes on, whatever comes meanwhile", async () => {
    const platform = new FakePlatform(samples(1));
    const user = await openWindow(platform);
    await row("Notification 1");
    platform.failure = new PlatformError("disk_full", "no space left");
    await user.click(screen.getByRole("button", { name: "Mark all read" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full.");
    platform.replaceHistory([sample({ title: "Another history" })]);
    await row("Another history");
    expect(screen.getByRole("alert")).toHaveTextContent("The disk is full.");
  });

  test("a warning of the host stays until it is put away", async () => {
    const platform = new FakePlatform(samples(1));
    const user = await openWindow(platform);
    platform.rebuild();
    expect(await screen.findByRole("alert")).toHaveTextContent("fetched from the server again");
    await user.click(screen.getByRole("button", { name: "Hide this message" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("announcing", () => {
  test("names one arrival and counts several", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const platform = new FakePlatform();
    await openWindow(platform);
    const log = screen.getByRole("log");
    platform.arrive(sample({ id: "a", title: "Tea is ready" }));
    await vi.advanceTimersByTimeAsync(ANNOUNCE_AFTER_MS);
    expect(await within(log).findByText("New notification: Tea is ready")).toBeInTheDocument();
    for (const id of ["b", "c", "d"]) platform.arrive(sample({ id }));
    await vi.advanceTimersByTimeAsync(ANNOUNCE_AFTER_MS);
    expect(await within(log).findByText("3 new notifications")).toBeInTheDocument();
    expect(within(log).getByText("4 unread notifications")).toBeInTheDocument();
    vi.useRealTimers();
  });
});

describe("the search", () => {
  test("shows what has the words, says when nothing has, and comes back to everything", async () => {
    const platform = new FakePlatform([
      sample({ id: "a", title: "Invoice for November" }),
      sample({ id: "b", title: "Order 12", acceptedAt: "2026-11-20T10:00:00Z" }),
    ]);
    const user = await openWindow(platform);
    await row("Order 12");
    const field = screen.getByRole("searchbox", { name: "Search notifications" });
    await user.type(field, "invoice");
    await waitFor(() => expect(titles()).toEqual(["Invoice for November"]));
    // What comes meanwhile is not taken for a finding.
    platform.arrive(sample({ id: "c", title: "Order 13", acceptedAt: "2026-11-22T10:00:00Z" }));
    expect(await screen.findByText("3 unread notifications")).toBeVisible();
    expect(titles()).toEqual(["Invoice for November"]);
    await user.clear(field);
    await waitFor(() => expect(titles()).toHaveLength(3));
    await user.type(field, "zebra");
    expect(await screen.findByText("Nothing found")).toBeVisible();
  });

  test("forgets what a former user was typing", async () => {
    const platform = new FakePlatform(samples(2));
    const user = await openWindow(platform);
    await row("Notification 2");
    await user.type(screen.getByRole("searchbox", { name: "Search notifications" }), "anna");
    platform.forget([sample({ title: "For boris" })]);
    await row("For boris");
    expect(screen.getByRole("searchbox", { name: "Search notifications" })).toHaveValue("");
  });
});
