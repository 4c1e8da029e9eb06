package dev.firn.store;

/** What a record holds. The codes are part of the format. */
public enum RecordType {
  /** First in each segment: which volume's log it belongs to and what came before it. */
  SEGMENT(1),
  /** File bytes. */
  EXTENT(2),
  /** A page of a tree. */
  NODE(3),
  /** A batch of changes to a tree, to be replayed. */
  DELTA(4),
  /** Closes a group: all deltas since the last commit take effect together. */
  COMMIT(5),
  /** A copy of the superblock's content, beside the nodes that it names. */
  CHECKPOINT(6),
  /** Zeros up to where a long write begins or ends. */
  PADDING(7);

  private static final RecordType[] BY_CODE = new RecordType[8];

  static {
    for (RecordType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;

  RecordType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  /** The type with this code, or null. */
  static RecordType ofCode(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }
}
