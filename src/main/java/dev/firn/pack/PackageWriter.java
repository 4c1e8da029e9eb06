package dev.firn.pack;

import dev.firn.snapshot.TreeDelta;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a snapshot as a firn package. The manifest stands first and vouches for all the rest, so
 * the rest is made first, in a spool. Equal trees give equal members, whatever the layout of the
 * store they come from: names are sorted, inodes are numbered by the walk, and blocks of zeros are
 * holes whether they are stored or not.
 */
final class PackageWriter {
  private final Manifest.SnapshotPart snapshot;
  private final Manifest.VolumePart volume;
  private final Signer signer;
  private final Path spoolDirectory;
  private final Progress progress;

  /**
   * @param signer null: the package is not signed
   * @param spoolDirectory on a disk with room for the package
   */
  PackageWriter(
      Manifest.SnapshotPart snapshot,
      Manifest.VolumePart volume,
      Signer signer,
      Path spoolDirectory,
      Progress progress) {
    this.snapshot = snapshot;
    this.volume = volume;
    this.signer = signer;
    this.spoolDirectory = spoolDirectory;
    this.progress = progress;
  }

  private interface Content {
    void write(RecordWriter records) throws IOException;
  }

  /** Writes a full package; does not close {@code target}. */
  void writeFull(FileSystem source, OutputStream target) throws IOException {
    write(
        source,
        null,
        records ->
            TreeWalker.walk(
                source,
                new TreeWalker.Visitor() {
                  @Override
                  public void inode(Place place, Attributes attributes) throws IOException {
                    records.inode(place.parentOrdinal(), place.name(), attributes);
                  }

                  @Override
                  public void link(Place place, Attributes attributes, Place first)
                      throws IOException {
                    records.link(place.parentOrdinal(), first.ordinal(), place.name());
                  }
                }),
        target);
  }

  /** Writes what makes {@code source} of {@code base}; does not close {@code target}. */
  void writeIncremental(
      FileSystem base,
      Manifest.BasePart basePart,
      FileSystem source,
      TreeDelta delta,
      OutputStream target)
      throws IOException {
    write(source, basePart, records -> new DeltaWriter(base, source, delta, records).run(), target);
  }

  private void write(
      FileSystem source, Manifest.BasePart base, Content content, OutputStream target)
      throws IOException {
    try (Spool spool = new Spool(spoolDirectory);
        RecordWriter records = new RecordWriter(source, spool, progress)) {
      content.write(records);
      Manifest.Counts counts = records.finish();
      List<FrameWriter.Spooled> members = records.members();
      Manifest manifest =
          Manifest.of(
              base,
              signer == null ? null : signer.fingerprint(),
              snapshot,
              volume,
              counts,
              members.stream().map(FrameWriter.Spooled::member).toList());
      byte[] json = manifest.toJson();
      PackageTar.write(target, PackageLayout.MANIFEST, json);
      PackageTar.write(target, PackageLayout.MANIFEST_DIGEST, digestFile(json));
      if (signer != null) {
        PackageTar.write(target, PackageLayout.SIGNATURE, signer.sign(json));
      }
      for (FrameWriter.Spooled member : members) {
        target.write(PackageTar.header(member.member().name(), member.member().bytes()));
        spool.copyTo(member.offset(), member.member().bytes(), target);
        PackageTar.pad(target, member.member().bytes());
      }
      PackageTar.end(target);
    }
  }

  /** The manifest's digest as sha256sum writes and checks it. */
  static byte[] digestFile(byte[] manifest) {
    return (Digests.sha256(manifest, manifest.length) + "  " + PackageLayout.MANIFEST + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }
}
