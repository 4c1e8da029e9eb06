package dev.firn.fuse.barrier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AppendedRecordsTest {
  private static final int RECORD_BYTES = 10_000;
  private static final int PAGE_BYTES = 4096;

  /** Of operations 0, 20, 40, … each empties the file. */
  private final AppendedRecords records = new AppendedRecords(RECORD_BYTES, 20);

  /** The file with records from one number to another. */
  private static byte[] file(long first, long last) {
    byte[] file = new byte[(int) (last - first + 1) * RECORD_BYTES];
    for (long number = first; number <= last; number++) {
      int at = (int) (number - first) * RECORD_BYTES;
      System.arraycopy(LoadWriter.record(number, RECORD_BYTES), 0, file, at, RECORD_BYTES);
    }
    return file;
  }

  private void assertRefused(byte[] contents, long from, long to, String reason) {
    String objection = records.objectionTo(contents, from, to);
    assertTrue(objection != null && objection.contains(reason), objection);
  }

  @Test
  void whatWasDoneIsThereAndNothingThatHadNotBegun() {
    assertNull(records.objectionTo(file(21, 25), 25, 25));
    assertNull(records.objectionTo(file(21, 25), 24, 26));
    assertRefused(file(21, 24), 25, 26, "40000 bytes instead of 50000 to 60000");
    assertRefused(file(21, 26), 25, 25, "60000 bytes instead of 50000 to 50000");
    assertRefused(file(1, 5), 25, 25, "byte 7 of record 21");
  }

  @Test
  void theFileMayHaveBeenEmptiedMeanwhileButNotBefore() {
    assertNull(records.objectionTo(new byte[0], 25, 40));
    assertNull(records.objectionTo(new byte[0], 40, 40));
    assertNull(records.objectionTo(file(21, 39), 39, 40));
    assertRefused(file(21, 39), 40, 41, "190000 bytes instead of 0 to 10000");
    assertRefused(new byte[0], 25, 39, "0 bytes instead of 50000 to 190000");
  }

  @Test
  void whatWasWrittenMeanwhileMayBeMissingInPartAndNothingElse() {
    byte[] contents = file(21, 27);
    Arrays.fill(contents, 5 * RECORD_BYTES, 5 * RECORD_BYTES + PAGE_BYTES, (byte) 0);
    assertNull(records.objectionTo(contents, 25, 27));
    assertNull(records.objectionTo(Arrays.copyOf(contents, 6 * RECORD_BYTES + 1), 25, 27));
    assertRefused(contents, 26, 27, "of record 26");
    contents[6 * RECORD_BYTES + 9]++;
    assertRefused(contents, 25, 27, "byte 9 of record 27");
  }

  /** The file was emptied twice meanwhile, and nothing but the last pages are there again. */
  @Test
  void zerosDoNotTellTheirRound() {
    byte[] contents = file(61, 70);
    Arrays.fill(contents, 0, 8 * RECORD_BYTES + PAGE_BYTES, (byte) 0);
    assertNull(records.objectionTo(contents, 38, 71));
    assertNull(records.objectionTo(new byte[30_000], 38, 71));
    assertRefused(contents, 64, 71, "of record 61");
  }

  @Test
  void bytesOfTwoRoundsAreNoFile() {
    byte[] contents = file(41, 45);
    System.arraycopy(file(61, 62), 0, contents, 0, 2 * RECORD_BYTES);
    String objection = records.objectionTo(contents, 38, 71);
    assertEquals(
        """
        not of round 1: 50000 bytes instead of 180000 to 190000; \
        not of round 2: byte 7 of record 41; not of round 3: byte 7 of record 63
        50000 bytes; emptied by operations 20 40 60
        from 0 on: round 3
        from 20000 on: round 2""",
        objection);
  }
}
