package dev.firn.pack;

import dev.firn.snapshot.TreeDelta;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes a snapshot as a firn package, in one go: what is known only at the end, such as digests,
 * stands at the end. Equal trees give equal members, whatever the layout of the store they come
 * from: names are sorted, inodes are numbered by the walk, and blocks of zeros are holes whether
 * they are stored or not.
 */
final class PackageWriter {
  private final Manifest.SnapshotPart snapshot;
  private final Manifest.VolumePart volume;
  private final Signer signer;
  private final Progress progress;

  /**
   * @param signer null: the package is not signed
   */
  PackageWriter(
      Manifest.SnapshotPart snapshot,
      Manifest.VolumePart volume,
      Signer signer,
      Progress progress) {
    this.snapshot = snapshot;
    this.volume = volume;
    this.signer = signer;
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
    String signedBy = signer == null ? null : signer.fingerprint();
    byte[] manifest = Manifest.of(base, signedBy, snapshot, volume).toJson();
    Document.MANIFEST.write(target, manifest, signer);
    try (RecordWriter records = new RecordWriter(source, target, progress)) {
      content.write(records);
      RecordWriter.Written written = records.finish();
      Contents contents =
          new Contents(
              Digests.sha256(manifest, manifest.length), written.counts(), written.members());
      Document.CONTENTS.write(target, contents.toJson(), signer);
      long offset = Document.MANIFEST.entryBytes(manifest, signer);
      for (Manifest.Member member : written.members()) {
        offset += PackageTar.entryBytes(member.bytes());
      }
      PackageTar.write(target, PackageLayout.CONTENTS_OFFSET, PackageTar.offsetFile(offset));
      PackageTar.end(target);
    }
  }
}
