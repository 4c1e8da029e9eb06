package dev.firn.pack;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a tar archive says of one entry, headers before it included. */
final class TarEntry {
  /** Type flags, as in the header. */
  static final char REGULAR = '0';

  static final char HARD_LINK = '1';
  static final char SYMBOLIC_LINK = '2';
  static final char CHARACTER_DEVICE = '3';
  static final char BLOCK_DEVICE = '4';
  static final char DIRECTORY = '5';
  static final char FIFO = '6';

  char type;
  byte[] name;
  byte[] link;
  int mode;
  long uid;
  long gid;
  long deviceMajor;
  long deviceMinor;

  /** The length of the file that the entry makes. */
  long sizeBytes;

  /** The bytes that the archive has for it. */
  long storedBytes;

  PaxTime modifyTime;

  /** Null: the archive does not tell. */
  PaxTime accessTime;

  /** Null: the file is stored as it is. */
  SparseMap sparse;

  /** Names as ISO-8859-1 text: one character a byte. */
  final Map<String, byte[]> xattrs = new LinkedHashMap<>();

  /** Null: none. As text. */
  byte[] accessAcl;

  /** Null: none. As text. */
  byte[] defaultAcl;

  String shown() {
    return Names.printable(name);
  }
}
