package dev.firn.region;

import dev.firn.base.DurableFiles;
import dev.firn.map.Scrub;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far a scrub has come that was interrupted.
 *
 * @param doneBytes how much it had verified
 * @param totalBytes of about how much
 * @param completed the nodes that are verified with all below them
 * @param damages what it had found
 */
record ScrubState(
    Instant savedAt,
    long doneBytes,
    long totalBytes,
    List<Scrub.Place> completed,
    List<ScrubListener.Damage> damages) {
  private static final Logger LOG = LoggerFactory.getLogger(ScrubState.class);
  private static final int VERSION = 1;

  /** What was verified longer ago should be read again. */
  private static final Duration AGE_MAX = Duration.ofDays(7);

  /** The state in a file; null if there is none, or none of use. */
  static ScrubState load(Path file, Instant now) {
    try {
      if (!Files.exists(file)) {
        return null;
      }
      byte[] bytes = Files.readAllBytes(file);
      ScrubState state = decode(bytes);
      return state == null || state.savedAt.isBefore(now.minus(AGE_MAX)) ? null : state;
    } catch (IOException e) {
      LOG.warn("Where the last scrub was interrupted is not known: it begins anew", e);
      return null;
    }
  }

  void save(Path file) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.write(fresh, encode());
    DurableFiles.force(fresh);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private byte[] encode() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(body)) {
      out.writeInt(VERSION);
      out.writeLong(savedAt.toEpochMilli());
      out.writeLong(doneBytes);
      out.writeLong(totalBytes);
      out.writeInt(completed.size());
      for (Scrub.Place place : completed) {
        out.writeLong(place.segment());
        out.writeInt(place.offset());
      }
      out.writeInt(damages.size());
      for (ScrubListener.Damage damage : damages) {
        out.writeUTF(damage.volume());
        out.writeUTF(damage.snapshot() == null ? "" : damage.snapshot());
        out.writeInt(damage.path() == null ? -1 : damage.path().length);
        out.write(damage.path() == null ? new byte[0] : damage.path());
        out.writeLong(damage.offset());
        out.writeLong(damage.lengthBytes());
        out.writeUTF(damage.problem());
      }
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(whole)) {
      out.writeInt(checksum(body.toByteArray()));
      body.writeTo(out);
    }
    return whole.toByteArray();
  }

  /** Null if it is damaged or of another version. */
  private static ScrubState decode(byte[] bytes) throws IOException {
    if (bytes.length < Integer.BYTES) {
      return null;
    }
    byte[] body = Arrays.copyOfRange(bytes, Integer.BYTES, bytes.length);
    try (DataInputStream head = new DataInputStream(new ByteArrayInputStream(bytes));
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(body))) {
      if (head.readInt() != checksum(body) || in.readInt() != VERSION) {
        return null;
      }
      Instant savedAt = Instant.ofEpochMilli(in.readLong());
      long doneBytes = in.readLong();
      long totalBytes = in.readLong();
      List<Scrub.Place> completed = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        completed.add(new Scrub.Place(in.readLong(), in.readInt()));
      }
      List<ScrubListener.Damage> damages = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        String volume = in.readUTF();
        String snapshot = in.readUTF();
        int pathLength = in.readInt();
        byte[] path = pathLength < 0 ? null : in.readNBytes(pathLength);
        damages.add(
            new ScrubListener.Damage(
                volume,
                snapshot.isEmpty() ? null : snapshot,
                path,
                in.readLong(),
                in.readLong(),
                in.readUTF()));
      }
      return new ScrubState(savedAt, doneBytes, totalBytes, completed, damages);
    }
  }

  private static int checksum(byte[] body) {
    CRC32C checksum = new CRC32C();
    checksum.update(body);
    return (int) checksum.getValue();
  }
}
