package dev.firn.region;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A machine image: snapshots and how machines see the volumes made of them.
 *
 * @param id {@code ami-} and eight hexadecimal digits
 * @param number home-wide, growing
 * @param name unique in its account
 * @param architecture {@code i386} or {@code x86_64}
 * @param productCodes the licences it needs
 */
public record Image(
    String id,
    long number,
    String accountId,
    String name,
    String description,
    String architecture,
    String rootDeviceName,
    List<String> productCodes,
    List<String> bootModes,
    boolean tpmMandatory,
    List<Mapping> mappings,
    Map<String, String> tags,
    Instant createdAt) {

  /** Whether it has the form of an image's id, or begins like one. */
  public static boolean isId(String reference) {
    return reference.startsWith("ami-");
  }

  /**
   * Where the content of a disk is that is not here yet.
   *
   * @param location a URL, which may hold a signature
   */
  public record Source(String location, long sizeBytes) {
    /** Without the URL. */
    @Override
    public String toString() {
      return sizeBytes + " bytes";
    }
  }

  /**
   * A device of the machines.
   *
   * @param virtualDeviceName null unless it is no volume
   * @param snapshotId what its volume begins as, or null: empty
   * @param sizeGib null: as large as the snapshot
   * @param offer null: standard
   */
  public record Mapping(
      String deviceName,
      String virtualDeviceName,
      String snapshotId,
      Long sizeGib,
      VolumeOffer offer,
      boolean deleteOnVmDeletion) {}
}
