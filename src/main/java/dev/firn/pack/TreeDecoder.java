package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import java.io.IOException;

/** Takes tree members apart into records. */
final class TreeDecoder {
  private final Frames frames;
  private final String source;
  private OpenedMember opened;
  private byte[] member = Bytes.EMPTY;
  private int position;

  TreeDecoder(Frames frames, String source) {
    this.frames = frames;
    this.source = source;
  }

  /** Whether the next record is the first of a member, or there is none. */
  boolean isBetweenMembers() {
    return position == member.length;
  }

  /** The next record; null behind the last. */
  TreeRecord next() throws IOException {
    if (position == member.length) {
      if (opened != null) {
        frames.recycle(opened);
      }
      opened = frames.next();
      member = opened == null ? Bytes.EMPTY : opened.raw();
      position = 0;
      if (opened == null) {
        return null;
      }
    }
    try {
      TreeRecord record = TreeRecord.at(member, position, Integer.MAX_VALUE);
      position += PackageLayout.RECORD_HEADER_BYTES + record.bodyBytes();
      return record;
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt("%s: its tree is not valid: %s", source, reason);
  }
}
