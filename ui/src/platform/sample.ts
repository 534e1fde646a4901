/** Contents for the fake platform. */

import type { NotificationView } from "../generated/NotificationView";

/** A notification with the given differences from a plain one. */
export function sample(differences: Partial<NotificationView> = {}): NotificationView {
  return {
    id: "ntf_1",
    title: "Your order is on its way",
    body: "The courier will ring you about 15 minutes before.",
    category: "orders",
    priority: "normal",
    link: null,
    actions: [],
    acceptedAt: "2026-11-21T10:00:00Z",
    receivedAt: "2026-11-21T10:00:01Z",
    isRead: false,
    readAt: null,
    ...differences,
  };
}

/** As many notifications as asked, a minute apart, the newest at `newest`. */
export function samples(
  count: number,
  newest = new Date("2026-11-21T10:00:00Z"),
): NotificationView[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(newest.getTime() - index * 60_000).toISOString();
    const number = count - index;
    return sample({
      id: `ntf_${String(number).padStart(4, "0")}`,
      title: `Notification ${String(number)}`,
      acceptedAt: at,
      receivedAt: at,
    });
  });
}

/** An inbox as a person might have it. */
export function sampleInbox(now: Date): NotificationView[] {
  const ago = (minutes: number): Partial<NotificationView> => {
    const at = new Date(now.getTime() - minutes * 60_000).toISOString();
    return { id: `ntf_${String(99_999 - minutes)}`, acceptedAt: at, receivedAt: at };
  };
  const read = { isRead: true, readAt: now.toISOString() };
  return [
    sample({
      ...ago(2),
      link: { host: "shop.example" },
      actions: [
        { kind: "callback", id: "ok", title: "I am at home" },
        { kind: "reply", id: "answer", title: "Write to the courier", placeholder: null },
        { kind: "link", id: "map", title: "See on the map", host: "map.example" },
      ],
    }),
    sample({
      ...ago(9),
      title: "Сборка 1482 упала",
      body: "Ветка main, шаг «тесты»: 3 теста не прошли.\nПодробности в журнале сборки.",
      category: "builds",
      priority: "critical",
      link: { host: "ci.example:8443" },
    }),
    sample({
      ...ago(48),
      title: "Your sign-in code is 493 120",
      body: "It holds for ten minutes. We never ask for it by telephone.",
      category: null,
      priority: "high",
      ...read,
    }),
    sample({ ...ago(95), title: "The order was handed to the courier", body: "", ...read }),
    sample({
      ...ago(60 * 26),
      title: "Water will be off on Saturday from 10 to 14",
      body: "Work on the riser. Please close the taps before you leave.",
      category: "house",
      ...read,
    }),
    sample({
      ...ago(60 * 27),
      title: "Invoice for November",
      body: "It is due by the 30th.",
      category: "billing",
      link: { host: "pay.example" },
    }),
    sample({
      ...ago(60 * 24 * 6),
      title: "Новая подборка для вас: книги, которые читают этой осенью",
      body: "Двадцать историй для долгих вечеров.",
      category: "promotions",
      priority: "low",
      ...read,
    }),
  ];
}
