package dev.firn.pack;

/**
 * What the user wants of an export.
 *
 * @param signer of a firn package; null: it is not signed
 * @param base the snapshot that the importing home has, by any reference; null: the package is full
 * @param resume whether a file that is there is the beginning, which an interruption left
 * @param skippedBytes how much a stream leaves out of its beginning, which somebody has already
 */
public record ExportOptions(
    PackageFormat format, String base, Signer signer, boolean resume, long skippedBytes) {
  public ExportOptions(PackageFormat format, String base, Signer signer) {
    this(format, base, signer, false, 0);
  }

  /** All of a snapshot. */
  public static ExportOptions full(PackageFormat format) {
    return new ExportOptions(format, null, null);
  }
}
