package dev.firn.fuse.kernel;

import java.util.ArrayList;
import java.util.List;

/** An array of C strings with a NULL behind them, as programs' arguments are. */
final class NativeStrings {
  private final List<NativeBuffer> strings = new ArrayList<>();
  private final NativeBuffer array;

  /**
   * @param terminated each with its NUL
   */
  NativeStrings(List<byte[]> terminated) {
    array = new NativeBuffer((terminated.size() + 1) * Long.BYTES);
    for (int i = 0; i < terminated.size(); i++) {
      NativeBuffer string = new NativeBuffer(terminated.get(i).length);
      string.bytes.put(0, terminated.get(i));
      array.bytes.putLong(i * Long.BYTES, string.address);
      strings.add(string);
    }
  }

  long address() {
    return array.address;
  }

  void free() {
    strings.forEach(NativeBuffer::free);
    array.free();
  }
}
