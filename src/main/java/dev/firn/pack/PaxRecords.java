package dev.firn.pack;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The records of a pax extended header, {@code LENGTH KEY=VALUE\n} each. Keys are ASCII text in
 * effect, one byte a character here; values are bytes, since names and extended attributes are.
 * (Commons Compress decodes them as UTF-8, and so loses both.)
 */
final class PaxRecords {
  /** One record. */
  record Item(String key, byte[] value) {
    String text() {
      return new String(value, StandardCharsets.ISO_8859_1);
    }
  }

  private static final int LENGTH_DIGITS_MAX = 10;

  private final List<Item> items = new ArrayList<>();

  void add(String key, byte[] value) {
    items.add(new Item(key, value));
  }

  void add(String key, String value) {
    add(key, value.getBytes(StandardCharsets.ISO_8859_1));
  }

  boolean isEmpty() {
    return items.isEmpty();
  }

  List<Item> items() {
    return items;
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Item item : items) {
      byte[] key = item.key.getBytes(StandardCharsets.ISO_8859_1);
      int rest = 1 + key.length + 1 + item.value.length + 1;
      // The length counts its own digits.
      int length = rest + Integer.toString(rest).length();
      if (Integer.toString(length).length() != Integer.toString(rest).length()) {
        length++;
      }
      bytes.writeBytes(Integer.toString(length).getBytes(StandardCharsets.US_ASCII));
      bytes.write(' ');
      bytes.writeBytes(key);
      bytes.write('=');
      bytes.writeBytes(item.value);
      bytes.write('\n');
    }
    return bytes.toByteArray();
  }

  /**
   * The records in an extended header's body.
   *
   * @throws IllegalArgumentException if it is none
   */
  static PaxRecords parse(byte[] body) {
    PaxRecords records = new PaxRecords();
    int at = 0;
    while (at < body.length) {
      int digits = at;
      int length = 0;
      while (digits < body.length && body[digits] >= '0' && body[digits] <= '9') {
        length = Math.addExact(Math.multiplyExact(length, 10), body[digits] - '0');
        digits++;
        if (digits - at > LENGTH_DIGITS_MAX) {
          throw malformed();
        }
      }
      int start = digits + 1;
      int end = at + length - 1;
      if (digits == at
          || digits >= body.length
          || body[digits] != ' '
          || length > body.length - at
          || end < start
          || body[end] != '\n') {
        throw malformed();
      }
      int equals = start;
      while (equals < end && body[equals] != '=') {
        equals++;
      }
      if (equals == end || equals == start) {
        throw malformed();
      }
      records.add(
          new String(body, start, equals - start, StandardCharsets.ISO_8859_1),
          Arrays.copyOfRange(body, equals + 1, end));
      at = end + 1;
    }
    return records;
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException("its pax header is malformed");
  }
}
