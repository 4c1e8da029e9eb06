package dev.firn.fuse.barrier;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a file may be to which records are appended, and which is emptied by every so many-th
 * operation. Operations come in rounds: one that empties, then one a record.
 *
 * <p>Of an image that was asked for when operation {@code from} was done, and was there when {@code
 * to} had begun, this is promised: it is of one round, for when a file is emptied nothing of it is
 * on its way; all that was done is in it, unless it was emptied since; and of what came later any
 * bytes may be missing, so that there are zeros. For the kernel brings pages in any order, and
 * whoever writes may be in the middle of one while it is read. So a file may begin with any number
 * of zeros, from which nothing tells the round that it is of.
 *
 * @param recordBytes the length of each record
 * @param period the operations of a round
 */
record AppendedRecords(int recordBytes, int period) {
  private static final int CHUNK_BYTES = 512;

  /** Whether an operation empties the file; the others append. */
  boolean empties(long number) {
    return number % period == 0;
  }

  /** Why an image is not as promised, and whose bytes it has; null if it is. */
  String objectionTo(byte[] contents, long from, long to) {
    List<String> objections = new ArrayList<>();
    for (long round = roundOf(from); round <= roundOf(to); round++) {
      String objection = objectionTo(round, contents, from, to);
      if (objection == null) {
        return null;
      }
      objections.add("not of round " + round + ": " + objection);
    }
    return String.join("; ", objections) + "\n" + describe(contents, from, to);
  }

  private String objectionTo(long round, byte[] contents, long from, long to) {
    long emptied = round * period;
    long last = Math.min(to, emptied + period - 1);
    long least = Math.max(0, from - emptied) * recordBytes;
    long most = (last - emptied) * recordBytes;
    if (contents.length < least || contents.length > most) {
      return contents.length + " bytes instead of " + least + " to " + most;
    }
    for (int start = 0; start < contents.length; start += recordBytes) {
      long number = numberAt(round, start / recordBytes);
      byte[] whole = LoadWriter.record(number, recordBytes);
      for (int i = 0; i < recordBytes && start + i < contents.length; i++) {
        byte found = contents[start + i];
        if (found != whole[i] && !(found == 0 && number > from)) {
          return "byte " + i + " of record " + number;
        }
      }
    }
    return null;
  }

  private long roundOf(long number) {
    return number / period;
  }

  /** The record with an index, from 0 on, in the file of a round. */
  private long numberAt(long round, int index) {
    return round * period + 1 + index;
  }

  private String describe(byte[] contents, long from, long to) {
    StringBuilder text = new StringBuilder(contents.length + " bytes; emptied by operations");
    for (long round = roundOf(from); round <= roundOf(to); round++) {
      text.append(' ').append(round * period);
    }
    String before = null;
    for (int at = 0; at < contents.length; ) {
      int recordEnd = (at / recordBytes + 1) * recordBytes;
      int end = Math.min(recordEnd, (at / CHUNK_BYTES + 1) * CHUNK_BYTES);
      end = Math.min(end, contents.length);
      String owner = ownerOf(contents, at, end, to);
      if (!owner.equals(before)) {
        text.append("\nfrom ").append(at).append(" on: ").append(owner);
        before = owner;
      }
      at = end;
    }
    return text.toString();
  }

  /** Whose bytes those of a range within one record are, if of one round. */
  private String ownerOf(byte[] contents, int from, int to, long newest) {
    if (Arrays.equals(contents, from, to, new byte[to - from], 0, to - from)) {
      return "zeros";
    }
    int index = from / recordBytes;
    int start = index * recordBytes;
    for (long round = roundOf(newest); round >= 0; round--) {
      byte[] whole = LoadWriter.record(numberAt(round, index), recordBytes);
      if (Arrays.equals(contents, from, to, whole, from - start, to - start)) {
        return "round " + round;
      }
    }
    return "of no round, or of one in part";
  }
}
