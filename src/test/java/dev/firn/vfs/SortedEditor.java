package dev.firn.vfs;

import dev.firn.map.MapCursor;
import dev.firn.map.MapEditor;
import dev.firn.map.MapEntry;
import dev.firn.map.PendingExtent;
import java.util.Arrays;
import java.util.Iterator;
import java.util.TreeMap;

/** A map in memory, for testing what works on any editor. */
final class SortedEditor implements MapEditor {
  private final TreeMap<byte[], MapEntry> entries = new TreeMap<>(Arrays::compareUnsigned);

  @Override
  public MapEntry get(byte[] key) {
    return entries.get(key);
  }

  @Override
  public MapEntry floor(byte[] key) {
    var found = entries.floorEntry(key);
    return found == null ? null : found.getValue();
  }

  @Override
  public MapCursor cursor(byte[] from) {
    Iterator<MapEntry> iterator = entries.tailMap(from, true).values().iterator();
    return new MapCursor() {
      private MapEntry current;

      @Override
      public boolean next() {
        current = iterator.hasNext() ? iterator.next() : null;
        return current != null;
      }

      @Override
      public byte[] key() {
        return current.key();
      }

      @Override
      public byte[] value() {
        return current.value();
      }

      @Override
      public MapEntry entry() {
        return current;
      }
    };
  }

  @Override
  public void put(byte[] key, byte[] value, PendingExtent pending) {
    entries.put(key, new MapEntry(key, value, pending));
  }

  @Override
  public boolean delete(byte[] key) {
    return entries.remove(key) != null;
  }
}
