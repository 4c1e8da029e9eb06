package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningTest {
  @TempDir Path directory;
  private TestHome home;
  private Path mine;
  private Path other;
  private Signer signer;
  private final List<String> warnings = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory.resolve("home"));
    mine = directory.resolve("mine");
    other = directory.resolve("other");
    signer = Signer.generate(mine);
    Signer.generate(other);
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  private byte[] export(Signer by) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Exporter.write(
        ExportSource.full(TestHome.snapshot(), home.tree(t -> Trees.file(t, 1, "f", new byte[9]))),
        PackageFormat.FIRN,
        by,
        bytes,
        ProgressListener.NONE);
    return bytes.toByteArray();
  }

  private void importFrom(byte[] bytes, Trust trust) throws IOException {
    Importer.importFrom(
        home.sink(),
        new ByteArrayInputStream(bytes),
        null,
        new ImportOptions(null, null, trust, "it"),
        home.spool(),
        new ProgressListener() {
          @Override
          public void progress(long doneBytes, long totalBytes) {}

          @Override
          public void warning(String message) {
            warnings.add(message);
          }
        });
  }

  private void refuse(ErrorKind kind, String part, byte[] bytes, Trust trust) throws IOException {
    long before = home.things();
    FirnException refusal = assertThrows(FirnException.class, () -> importFrom(bytes, trust));
    assertEquals(kind, refusal.kind());
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    assertEquals(before, home.things());
  }

  private static Trust trust(boolean required, Path... keys) throws IOException {
    return Trust.of(List.of(keys).stream().map(Keys::publicFile).toList(), required);
  }

  /**
   * With another manifest, whose digest is right.
   *
   * @param whole whether the contents say so, too
   */
  private byte[] altered(byte[] signed, boolean whole) throws IOException {
    PackageTar.Input input = new PackageTar.Input(new ByteArrayInputStream(signed), "it");
    byte[] json = input.document(Document.MANIFEST);
    byte[] changed = Bytes.utf8(Bytes.text(json).replace("monday", "sunday"));
    int members = (int) Document.MANIFEST.entryBytes(json, signer);
    int offset = TestHome.contentsOffset(signed);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    replace(bytes, Document.MANIFEST, changed, signed, members);
    bytes.write(signed, members, offset - members);
    if (!whole) {
      bytes.write(signed, offset, signed.length - offset);
      return bytes.toByteArray();
    }
    InputStream end = new ByteArrayInputStream(signed, offset, signed.length - offset);
    byte[] contents = new PackageTar.Input(end, "it").document(Document.CONTENTS);
    String text =
        Bytes.text(contents)
            .replace(Digests.sha256(json, json.length), Digests.sha256(changed, changed.length));
    int behind = offset + (int) Document.CONTENTS.entryBytes(contents, signer);
    replace(bytes, Document.CONTENTS, Bytes.utf8(text), signed, behind);
    bytes.write(signed, behind, signed.length - behind);
    return bytes.toByteArray();
  }

  /** Another document with the old one's signature, which ends at an offset. */
  private static void replace(
      ByteArrayOutputStream bytes, Document document, byte[] json, byte[] signed, int behind)
      throws IOException {
    document.write(bytes, json, null);
    int signature = (int) PackageTar.entryBytes(PackageLayout.SIGNATURE_BYTES);
    bytes.write(signed, behind - signature, signature);
  }

  @Test
  void aSignatureByATrustedKeyIsTaken() throws IOException {
    byte[] signed = export(signer);
    importFrom(signed, trust(true, mine));
    importFrom(signed, trust(false, other, mine));
    assertEquals(List.of(), warnings);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(mine)));
  }

  @Test
  void aSignatureByAnyOtherIsRefused() throws IOException {
    byte[] signed = export(signer);
    refuse(ErrorKind.NOT_PERMITTED, signer.fingerprint(), signed, trust(false, other));
    refuse(ErrorKind.NOT_PERMITTED, "not trusted", signed, trust(true));
  }

  @Test
  void withoutTrustedKeysASignatureIsOnlyTold() throws IOException {
    importFrom(export(signer), trust(false));
    assertEquals(1, warnings.size());
    assertTrue(warnings.get(0).contains(signer.fingerprint()), warnings.get(0));
  }

  @Test
  void whatWasAlteredIsRefused() throws IOException {
    byte[] altered = altered(export(signer), true);
    refuse(ErrorKind.CORRUPT, "altered", altered, trust(false, mine));
    importFrom(altered, trust(false));
    byte[] mixed = altered(export(signer), false);
    refuse(ErrorKind.CORRUPT, "altered", mixed, trust(false, mine));
    refuse(ErrorKind.CORRUPT, "of another package", mixed, trust(false));
  }

  @Test
  void unsignedIsTakenUnlessSignaturesAreRequired() throws IOException {
    byte[] unsigned = export(null);
    importFrom(unsigned, trust(false, mine));
    refuse(ErrorKind.NOT_PERMITTED, "not signed", unsigned, trust(true, mine));
    byte[] tar = home.export(home.tree(t -> {}), PackageFormat.TAR);
    refuse(ErrorKind.NOT_PERMITTED, "archive", tar, trust(true, mine));
  }

  @Test
  void aHomeSaysWhomItTrusts() throws IOException {
    Path keys = Files.createDirectories(directory.resolve("region/trusted-keys"));
    Files.copy(Keys.publicFile(mine), keys.resolve("mine.pub"));
    Files.createFile(keys.resolve("required"));
    Trust trust = Trust.of(directory.resolve("region"), List.of(), false);
    importFrom(export(signer), trust);
    refuse(ErrorKind.NOT_PERMITTED, "not signed", export(null), trust);
    refuse(ErrorKind.NOT_PERMITTED, "not trusted", export(Signer.read(other)), trust);
  }

  @Test
  void keysThatAreNone() throws IOException {
    assertEquals(ErrorKind.NOT_FOUND, kind(() -> Signer.read(directory.resolve("none"))));
    Path text = Files.writeString(directory.resolve("text"), "no key");
    assertEquals(ErrorKind.USAGE, kind(() -> Signer.read(text)));
    assertEquals(ErrorKind.USAGE, kind(() -> Trust.of(List.of(text), false)));
    assertEquals(ErrorKind.USAGE, kind(() -> Trust.of(List.of(mine), false)));
    Files.copy(mine, directory.resolve("mixed"));
    Files.copy(Keys.publicFile(other), directory.resolve("mixed.pub"));
    assertEquals(ErrorKind.USAGE, kind(() -> Signer.read(directory.resolve("mixed"))));
    assertEquals(ErrorKind.CONFLICT, kind(() -> Signer.generate(mine)));
  }

  private static ErrorKind kind(org.junit.jupiter.api.function.Executable executable) {
    return assertThrows(FirnException.class, executable).kind();
  }
}
