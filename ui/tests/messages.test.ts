import { describe, expect, test } from "vitest";

import en from "../src/i18n/en.json";
import ru from "../src/i18n/ru.json";
import { m } from "../src/i18n/paraglide/messages";
import { dayName } from "../src/i18n/format";
import { speak } from "../src/i18n/locale.svelte";

type Message = string | { declarations: string[]; match: Record<string, string> }[];

const english: Record<string, Message> = en;
const russian: Record<string, Message> = ru;

describe("both languages", () => {
  test("have the same messages, in the same order", () => {
    expect(Object.keys(russian)).toEqual(Object.keys(english));
  });

  test.each(Object.keys(english))("take the same inputs: %s", (key) => {
    expect(inputs(russian[key])).toEqual(inputs(english[key]));
  });

  test.each(Object.keys(english))("leave nothing empty: %s", (key) => {
    for (const text of [...texts(english[key]), ...texts(russian[key])]) {
      expect(text.trim()).not.toBe("");
    }
  });
});

test.each([
  [1, "1 непрочитанное уведомление"],
  [2, "2 непрочитанных уведомления"],
  [4, "4 непрочитанных уведомления"],
  [5, "5 непрочитанных уведомлений"],
  [11, "11 непрочитанных уведомлений"],
  [12, "12 непрочитанных уведомлений"],
  [21, "21 непрочитанное уведомление"],
  [22, "22 непрочитанных уведомления"],
  [25, "25 непрочитанных уведомлений"],
  [111, "111 непрочитанных уведомлений"],
  [121, "121 непрочитанное уведомление"],
])("Russian counts %i", (count, words) => {
  speak("ru");
  expect(m.unread_count({ count })).toBe(words);
});

test.each([
  [1, "Следующая попытка через 1 секунду"],
  [3, "Следующая попытка через 3 секунды"],
  [14, "Следующая попытка через 14 секунд"],
  [31, "Следующая попытка через 31 секунду"],
])("Russian waits %i seconds", (seconds, words) => {
  speak("ru");
  expect(m.retry_in({ seconds })).toBe(words);
});

test("days have names", () => {
  const now = new Date(2026, 10, 21, 0, 30);
  const at = (...[year, month, day]: [number, number, number]): string =>
    new Date(year, month, day, 23, 50).toISOString();
  expect(dayName(at(2026, 10, 21), now)).toBe("Today");
  expect(dayName(at(2026, 10, 20), now)).toBe("Yesterday");
  expect(dayName(at(2026, 10, 16), now)).toMatch(/Monday.*16 November$/);
  expect(dayName(at(2025, 10, 16), now)).toMatch(/2025/);
  speak("ru");
  expect(dayName(at(2026, 10, 16), now)).toMatch(/16 ноября/);
});

function inputs(message: Message | undefined): string[] {
  const declared = Array.isArray(message) ? message.flatMap((variant) => variant.declarations) : [];
  const used = texts(message).flatMap((text) =>
    [...text.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1] ?? ""),
  );
  const names = declared.flatMap((line) => /^input (\w+)$/.exec(line)?.[1] ?? []);
  return [...new Set([...names, ...used])].sort();
}

function texts(message: Message | undefined): string[] {
  if (message === undefined) return [];
  return typeof message === "string"
    ? [message]
    : message.flatMap(({ match }) => Object.values(match));
}
