package dev.firn.map;

/** Tells which keys of a map have extents as values. */
@FunctionalInterface
public interface ExtentKeys {
  boolean isExtent(byte[] bytes, int keyStart, int keyLength);
}
