package dev.firn.base;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Numbers in byte arrays. Everything Firn stores is little-endian, except the parts of keys that
 * must sort as bytes, which are big-endian.
 */
public final class Bytes {
  public static final byte[] EMPTY = {};

  private static final VarHandle SHORT_LE =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT_LE =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG_LE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG_BE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Bytes() {}

  /** The unsigned 16-bit number at {@code index}, 0 to 65,535. */
  public static int getShort(byte[] bytes, int index) {
    return ((short) SHORT_LE.get(bytes, index)) & 0xffff;
  }

  public static void putShort(byte[] bytes, int index, int value) {
    SHORT_LE.set(bytes, index, (short) value);
  }

  public static int getInt(byte[] bytes, int index) {
    return (int) INT_LE.get(bytes, index);
  }

  public static void putInt(byte[] bytes, int index, int value) {
    INT_LE.set(bytes, index, value);
  }

  public static long getLong(byte[] bytes, int index) {
    return (long) LONG_LE.get(bytes, index);
  }

  public static void putLong(byte[] bytes, int index, long value) {
    LONG_LE.set(bytes, index, value);
  }

  /** The big-endian number at {@code index}: the form that sorts as unsigned bytes. */
  public static long getLongSorted(byte[] bytes, int index) {
    return (long) LONG_BE.get(bytes, index);
  }

  public static void putLongSorted(byte[] bytes, int index, long value) {
    LONG_BE.set(bytes, index, value);
  }

  /** The UTF-8 bytes of {@code text}. */
  public static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** {@code bytes} as UTF-8 text for messages; malformed bytes show as replacement characters. */
  public static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
