package dev.firn.store;

import java.util.Arrays;

/**
 * One part of what was done to a {@link SimulatedDisk} and not forced: it survives a power cut or
 * not, whatever the others do. Of several versions of a sector the newest that survives counts.
 */
public final class Unsynced {
  /** What it is a part of. */
  public enum Kind {
    SECTOR,
    LENGTH,
    CREATION,
    DELETION
  }

  private final Kind kind;
  private final SimulatedFile file;
  private final int offset;
  private final byte[] content;
  private final int lengthBytes;

  private Unsynced(Kind kind, SimulatedFile file, int offset, byte[] content, int lengthBytes) {
    this.kind = kind;
    this.file = file;
    this.offset = offset;
    this.content = content;
    this.lengthBytes = lengthBytes;
  }

  static Unsynced sector(SimulatedFile file, int offset, byte[] content) {
    return new Unsynced(Kind.SECTOR, file, offset, content, 0);
  }

  static Unsynced length(SimulatedFile file, int lengthBytes) {
    return new Unsynced(Kind.LENGTH, file, 0, null, lengthBytes);
  }

  static Unsynced creation(SimulatedFile file) {
    return new Unsynced(Kind.CREATION, file, 0, null, 0);
  }

  static Unsynced deletion(SimulatedFile file) {
    return new Unsynced(Kind.DELETION, file, 0, null, 0);
  }

  /** The same of a copy of the file. */
  Unsynced in(SimulatedFile copy) {
    return new Unsynced(kind, copy, offset, content == null ? null : content.clone(), lengthBytes);
  }

  Kind kind() {
    return kind;
  }

  SimulatedFile file() {
    return file;
  }

  /** Where the sector begins. */
  int offset() {
    return offset;
  }

  /** The whole sector. */
  byte[] content() {
    return content;
  }

  int lengthBytes() {
    return lengthBytes;
  }

  boolean isOfContent() {
    return kind == Kind.SECTOR || kind == Kind.LENGTH;
  }

  /** Another write landed on this sector. */
  void overwritten(SimulatedFile victim, int from, int length) {
    if (kind == Kind.SECTOR && file == victim) {
      int begin = Math.max(from, offset);
      int end = Math.min(from + length, offset + content.length);
      for (int at = begin; at < end; at++) {
        content[at - offset] = victim.byteAt(at);
      }
    }
  }

  @Override
  public String toString() {
    return switch (kind) {
      case SECTOR ->
          file.name() + "@" + offset + "#" + Integer.toHexString(Arrays.hashCode(content));
      case LENGTH -> file.name() + " length " + lengthBytes;
      case CREATION -> file.name() + " made";
      case DELETION -> file.name() + " deleted";
    };
  }
}
