package dev.firn.pack;

import dev.firn.base.Bytes;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Parts of what an import saves to go on later, all of which may be null. */
final class SavedState {
  private SavedState() {}

  static void writeBytes(DataOutput out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    out.write(bytes == null ? Bytes.EMPTY : bytes);
  }

  static byte[] readBytes(DataInput in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  static void writeRecord(DataOutput out, TreeRecord record) throws IOException {
    byte[] body = null;
    if (record != null) {
      body = new byte[record.bodyBytes()];
      record.put(body, 0);
    }
    writeBytes(out, body);
  }

  /**
   * @param type of the record that was written
   */
  static TreeRecord readRecord(DataInput in, int type) throws IOException {
    byte[] body = readBytes(in);
    return body == null ? null : TreeRecord.parse(type, body, 0, body.length);
  }
}
