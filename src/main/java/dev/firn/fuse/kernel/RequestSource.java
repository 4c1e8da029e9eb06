package dev.firn.fuse.kernel;

import jnr.constants.platform.Errno;

/** Where requests come from, which is where their answers go. Safe for concurrent use. */
interface RequestSource {
  /**
   * Sends the answer to a request that came from here; the request is not the caller's any more.
   *
   * @param error an error number below 0, or 0
   * @param bodyBytes how much of the request's body was filled
   * @return null, or why the kernel did not take it; ENOENT: who asked is gone, since the mount was
   *     cut off; ENODEV: so is the mount
   */
  Errno answer(Request request, int error, int bodyBytes);

  /**
   * Sends the answer to a request that joined others: the {@link Request} that brought it may serve
   * another by now, where requests are read one after the other.
   */
  Errno answerJoined(long unique, int error);
}
