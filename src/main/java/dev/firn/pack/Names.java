package dev.firn.pack;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Names of files, which are bytes, in messages. */
final class Names {
  private static final int SHOWN_BYTES_MAX = 300;

  private Names() {}

  /** The name as one line of text; what is not printable UTF-8 shows as {@code \x1b}. */
  static String printable(byte[] name) {
    int length = Math.min(name.length, SHOWN_BYTES_MAX);
    String dots = length < name.length ? "…" : "";
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name, 0, length)).toString();
      if (text.codePoints().noneMatch(Names::isUnprintable)) {
        return text + dots;
      }
    } catch (CharacterCodingException e) {
      // Shown byte by byte below.
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      int value = name[i] & 0xff;
      if (value >= 0x20 && value < 0x7f) {
        text.append((char) value);
      } else {
        text.append("\\x").append(HexFormat.of().toHexDigits((byte) value));
      }
    }
    return text + dots;
  }

  static boolean isUtf8(byte[] name) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static boolean isUnprintable(int codePoint) {
    return Character.isISOControl(codePoint)
        || Character.getType(codePoint) == Character.FORMAT
        || Character.getType(codePoint) == Character.LINE_SEPARATOR
        || Character.getType(codePoint) == Character.PARAGRAPH_SEPARATOR;
  }
}
