package dev.firn.fuse.kernel;

import java.nio.charset.StandardCharsets;

/** Makes requests as the kernel would. */
final class Requests {
  private static final int OUT_BYTES = 8192;

  private Requests() {}

  /**
   * @param arguments Integer, Long, String (NUL-terminated UTF-8) or byte[], one behind the other
   */
  static Request of(int opcode, long node, Object... arguments) {
    Request request = new Request(OUT_BYTES, OUT_BYTES);
    var in = request.input.bytes;
    in.putInt(4, opcode).putLong(8, 77).putLong(16, node).putInt(24, 1000).putInt(28, 100);
    int at = Request.IN_HEADER_BYTES;
    for (Object argument : arguments) {
      if (argument instanceof Integer value) {
        in.putInt(at, value);
        at += Integer.BYTES;
      } else if (argument instanceof Long value) {
        in.putLong(at, value);
        at += Long.BYTES;
      } else {
        byte[] bytes =
            argument instanceof byte[] raw
                ? raw
                : (argument.toString() + '\0').getBytes(StandardCharsets.UTF_8);
        in.put(at, bytes);
        at += bytes.length;
      }
    }
    in.putInt(0, at);
    request.received(at);
    return request;
  }

  static int bodyInt(Request request, int offset) {
    return request.output.bytes.getInt(Request.OUT_HEADER_BYTES + offset);
  }

  static long bodyLong(Request request, int offset) {
    return request.output.bytes.getLong(Request.OUT_HEADER_BYTES + offset);
  }
}
