package dev.firn.map;

import java.io.IOException;

/** One root that never changes again: safe for concurrent use, without locks. */
public final class FrozenMap implements MapView {
  @Override
  public MapEntry get(byte[] key) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public MapEntry floor(byte[] key) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public MapCursor cursor(byte[] from) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** All raw bytes of the record behind a stored or pending extent, or the inline bytes. */
  public byte[] extentBytes(ExtentRef extent) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Calls {@code visitor} for each key whose value differs; shared nodes are skipped unread. */
  public static void diff(FrozenMap before, FrozenMap after, DiffVisitor visitor)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /** What {@link #diff} finds. */
  @FunctionalInterface
  public interface DiffVisitor {
    /** Either is null where the key is absent; keys arrive in ascending order. */
    void changed(MapEntry before, MapEntry after) throws IOException;
  }
}
