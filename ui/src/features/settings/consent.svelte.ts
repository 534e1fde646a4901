/** What the user does not want: what the host knows of it, and what the person changes. */

import type { ConsentView } from "../../generated/ConsentView";
import type { OptOutRequest } from "../../generated/OptOutRequest";
import type { Platform } from "../../platform/types";

export class Consent {
  /** What the host knows; null before it was read for the present user. */
  view = $state.raw<ConsentView | null>(null);

  private readonly platform: Platform;
  /** How often it was read: of two answers the later question's counts. */
  private reads = 0;

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Reads what the host knows. */
  async read(): Promise<void> {
    const read = ++this.reads;
    const view = await this.platform.consent();
    if (read === this.reads) this.view = view;
  }

  /** Opts out of something, or in again. */
  async optOut(what: OptOutRequest, isOff: boolean): Promise<void> {
    await this.platform.optOut(what, isOff);
    await this.read();
  }

  /** It was another user's; what is on its way is, too. */
  forget(): void {
    this.reads++;
    this.view = null;
  }
}
