package dev.firn.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** File names, which are bytes, in lines of text. */
final class PathText {
  private static final int DELETE = 0x7f;

  private PathText() {}

  /**
   * The bytes themselves when they fit a line; else as git shows them: in double quotes, with
   * control characters, quotes and backslashes escaped as in C.
   */
  static byte[] quoted(byte[] path) {
    boolean plain = path.length == 0 || path[0] != '"';
    for (byte b : path) {
      plain &= !isControl(b);
    }
    if (plain) {
      return path;
    }
    ByteArrayOutputStream quoted = new ByteArrayOutputStream(path.length + 8);
    quoted.write('"');
    for (byte b : path) {
      if (b == '\n') {
        quoted.writeBytes(new byte[] {'\\', 'n'});
      } else if (b == '\t') {
        quoted.writeBytes(new byte[] {'\\', 't'});
      } else if (isControl(b)) {
        quoted.writeBytes(String.format("\\%03o", b).getBytes(StandardCharsets.US_ASCII));
      } else {
        if (b == '"' || b == '\\') {
          quoted.write('\\');
        }
        quoted.write(b);
      }
    }
    quoted.write('"');
    return quoted.toByteArray();
  }

  private static boolean isControl(byte b) {
    return b >= 0 && b < ' ' || b == DELETE;
  }
}
