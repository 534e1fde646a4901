/** Line drawings on a 20 by 20 grid. */
export const icons = {
  bell: "M10 3a4.5 4.5 0 0 0-4.5 4.5c0 4.5-2 5.5-2 5.5h13s-2-1-2-5.5A4.5 4.5 0 0 0 10 3ZM8.3 16a2 2 0 0 0 3.4 0",
  back: "M12 4.5 6.5 10l5.5 5.5",
  close: "M5 5l10 10M15 5 5 15",
  check: "M4 10.5 8.2 14.5 16 6",
  checks: "M2 10.5 6 14.5 13 6M9.5 14l.6.5L17.5 6",
  external: "M8 5H5v10h10v-3M11 4h5v5M16 4 9.5 10.5",
  gear: "M10 7.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4",
  envelope: "M3 5.5h14v9H3zM3.5 6l6.5 5 6.5-5",
  search: "M8.5 3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM12.6 12.6 17 17",
  online: "M4 10.5 8.2 14.5 16 6",
  waiting: "M10 3.5a6.5 6.5 0 1 0 6.5 6.5M10 6.5V10l2.5 1.5",
  broken: "M10 3 2.5 16h15L10 3ZM10 8v3.5M10 13.8v.1",
} as const;

export type IconName = keyof typeof icons;
