package dev.firn.bucket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Objects in a real S3 server. */
class BucketTest {
  private static final int PART_BYTES = 16 << 20;

  private S3Service service;
  private Bucket bucket;

  @BeforeEach
  void open() throws IOException {
    service = new S3Service();
    service.createBucket("box");
    bucket = Bucket.open(service.address(), "box");
  }

  @AfterEach
  void close() throws IOException {
    bucket.close();
    service.close();
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  private byte[] read(String key) throws IOException {
    AddressRules rules =
        new AddressRules(java.util.List.of(AddressRules.Network.of("127.0.0.0/8")));
    String url = bucket.presign(key, Duration.ofMinutes(1)).toString();
    try (RemoteFile file = RemoteFile.open(url, rules, Long.MAX_VALUE)) {
      return file.readAllBytes();
    }
  }

  private long write(String key, byte[] bytes, boolean complete) throws IOException {
    try (ObjectOutput out = bucket.write(key, bytes.length)) {
      out.write(bytes, 0, bytes.length / 3);
      out.write(bytes, bytes.length / 3, bytes.length - bytes.length / 3);
      if (complete) {
        out.complete();
      }
      return out.skippedBytes();
    }
  }

  @Test
  void objectsOfEachLengthAreWhatWasWritten() throws IOException {
    for (int length : new int[] {0, 1, 1000, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES - 7}) {
      byte[] content = bytes(length);
      write("a key/with ünicode " + length, content, true);
      assertEquals(length, bucket.sizeBytes("a key/with ünicode " + length));
      if (length > 0) {
        assertArrayEquals(content, read("a key/with ünicode " + length), "of " + length);
      }
    }
    assertEquals(-1, bucket.sizeBytes("nothing"));
  }

  @Test
  void whatIsNotCompleteDoesNotShowAndIsGoneOnWith() throws IOException {
    byte[] content = bytes(3 * PART_BYTES + 5);
    write("object", content, false);
    assertEquals(-1, bucket.sizeBytes("object"));
    int sent = bucket.parts("object", bucket.uploads("object").get(0).uploadId()).size();
    assertTrue(sent >= 1, sent + " parts");
    assertEquals((long) sent * PART_BYTES, write("object", content, true));
    assertArrayEquals(content, read("object"));
    assertTrue(bucket.uploads("object").isEmpty());
  }

  @Test
  void otherBytesAreSentAgain() throws IOException {
    byte[] content = bytes(2 * PART_BYTES + 5);
    write("object", content, false);
    content[0] ^= 1;
    write("object", content, true);
    assertArrayEquals(content, read("object"));
  }

  @Test
  void anUploadThatIsAbortedLeavesNothing() throws IOException {
    write("object", bytes(2 * PART_BYTES + 5), false);
    write("object-other", bytes(2 * PART_BYTES + 5), false);
    assertFalse(bucket.uploads("object").isEmpty());
    bucket.abort("object");
    assertTrue(bucket.uploads("object").isEmpty());
    assertFalse(bucket.uploads("object-other").isEmpty());
  }

  @Test
  void partsThatDoNotFitIntoMemoryAreRefusedAtOnce() {
    FirnException refusal =
        assertThrows(FirnException.class, () -> bucket.write("object", 9_000L << 30));
    assertEquals(ErrorKind.FAILED, refusal.kind());
    assertTrue(refusal.getMessage().contains("memory"), refusal.getMessage());
  }

  @Test
  void refusalsAreToldWithoutSecrets() throws IOException {
    BucketAddress wrong =
        new BucketAddress(
            service.endpoint(), "us-east-1", true, S3Service.KEY, "another-secret", null);
    try (Bucket refused = Bucket.open(wrong, "box")) {
      FirnException told = assertThrows(FirnException.class, () -> refused.write("object", 1));
      assertEquals(ErrorKind.NOT_PERMITTED, told.kind());
      assertTrue(told.getMessage().contains("bucket 'box' refuses"), told.getMessage());
      assertFalse(told.getMessage().contains("another-secret"), told.getMessage());
    }
    assertFalse(wrong.toString().contains("another-secret"));
    try (Bucket missing = Bucket.open(service.address(), "no-such-box")) {
      FirnException told = assertThrows(FirnException.class, () -> missing.write("object", 1));
      assertEquals(ErrorKind.NOT_FOUND, told.kind());
    }
  }
}
