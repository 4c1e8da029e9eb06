package dev.firn.pack;

/**
 * What the user wants of an import.
 *
 * @param name the snapshot's; null: the one in the package, if it has one
 * @param sizeBytes the volume's; null: the one in the package, or what the archive needs
 * @param trust whose packages are taken
 * @param source what is imported, for messages, like the file's name
 * @param resume whether an interruption leaves something, with which the next such import of the
 *     same goes on
 */
public record ImportOptions(
    String name, Long sizeBytes, Trust trust, String source, boolean resume) {
  /** Of an import that leaves nothing unless it is whole. */
  public ImportOptions(String name, Long sizeBytes, Trust trust, String source) {
    this(name, sizeBytes, trust, source, false);
  }

  public ImportOptions(String name, Long sizeBytes) {
    this(name, sizeBytes, Trust.ALL, "the package");
  }
}
