package dev.firn.pack;

/**
 * What the user wants of an export.
 *
 * @param signer of a firn package; null: it is not signed
 * @param base the snapshot that the importing home has, by any reference; null: the package is full
 */
public record ExportOptions(PackageFormat format, String base, Signer signer) {
  /** All of a snapshot. */
  public static ExportOptions full(PackageFormat format) {
    return new ExportOptions(format, null, null);
  }
}
