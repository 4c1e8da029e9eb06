package dev.firn.pack;

import java.io.IOException;

/** A package's members of one kind, one after the other, verified and decompressed. */
interface Frames {
  /** The next member; null behind the last. */
  OpenedMember next() throws IOException;

  /** Takes back a member that {@link #next} gave. */
  void recycle(OpenedMember member);
}
