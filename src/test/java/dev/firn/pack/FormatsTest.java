package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The small parts: names of formats, times, records and access lists as text. */
class FormatsTest {
  @Test
  void formatsByFileName() {
    assertEquals(Optional.of(PackageFormat.FIRN), PackageFormat.ofFileName("a.firn"));
    assertEquals(Optional.of(PackageFormat.TAR), PackageFormat.ofFileName("a.b.tar"));
    assertEquals(Optional.of(PackageFormat.TAR_GZ), PackageFormat.ofFileName("a.tgz"));
    assertEquals(Optional.of(PackageFormat.TAR_GZ), PackageFormat.ofFileName("A.TAR.GZ"));
    assertEquals(Optional.of(PackageFormat.TAR_ZST), PackageFormat.ofFileName("a.tar.zst"));
    assertEquals(Optional.empty(), PackageFormat.ofFileName("a.rar"));
    assertEquals(Optional.empty(), PackageFormat.ofFileName("tar"));
  }

  @Test
  void formatsByName() {
    for (PackageFormat format : PackageFormat.values()) {
      assertEquals(format, PackageFormat.named(format.text()));
    }
    FirnException refusal = assertThrows(FirnException.class, () -> PackageFormat.named("rar"));
    assertEquals(ErrorKind.USAGE, refusal.kind());
  }

  @Test
  void timesAsText() {
    for (String text :
        new String[] {"0", "1.5", "-1", "-0.000000001", "-1.5", "123456789.000000001", "-1.25"}) {
      assertEquals(text, PaxTime.parse(text).text());
    }
    assertEquals(new PaxTime(-1, 999_999_999), PaxTime.parse("-0.000000001"));
    assertEquals(new PaxTime(-2, 500_000_000), PaxTime.parse("-1.5"));
    assertEquals(new PaxTime(1, 0), PaxTime.parse("1."));
    assertEquals(new PaxTime(1, 123_456_789), PaxTime.parse("1.1234567899"));
    assertThrows(IllegalArgumentException.class, () -> PaxTime.parse("1e5"));
    assertThrows(IllegalArgumentException.class, () -> PaxTime.parse(""));
  }

  @Test
  void recordsCountTheirOwnLength() {
    for (int length : new int[] {0, 1, 3, 4, 5, 90, 91, 92, 93, 94, 990, 991, 992, 993}) {
      PaxRecords records = new PaxRecords();
      byte[] value = new byte[length];
      if (length > 0) {
        value[length / 2] = 10;
      }
      records.add("key", value);
      records.add("other", "x");

      PaxRecords parsed = PaxRecords.parse(records.toBytes());

      assertEquals(2, parsed.items().size());
      assertArrayEquals(value, parsed.items().get(0).value());
      assertEquals("x", parsed.items().get(1).text());
    }
  }

  @Test
  void accessListsAsText() {
    String text = "user::rwx,user:1000:r--,group::r-x,group:77:-w-,mask::rwx,other::---";
    byte[] xattr = PosixAcl.fromText(Bytes.utf8(text)).orElseThrow();

    assertEquals(Optional.of(text), PosixAcl.toText(xattr));
    assertArrayEquals(
        xattr,
        PosixAcl.fromText(
                Bytes.utf8(
                    "other::---\nmask::rwx\ngroup:staff:-w-:77\ng::r-x\nuser:zoe:r--:1000\n"
                        + "u::rwx # effective"))
            .orElseThrow());
    assertEquals(Optional.empty(), PosixAcl.fromText(Bytes.utf8("user:zoe:rwx")));
    assertEquals(Optional.empty(), PosixAcl.fromText(new byte[0]));
    assertEquals(Optional.empty(), PosixAcl.toText(new byte[] {2, 0, 0, 0}));
    assertEquals(Optional.empty(), PosixAcl.toText(new byte[12]));
  }

  @Test
  void namesAsOneLine() {
    assertEquals("plain ünï", Names.printable(Bytes.utf8("plain ünï")));
    assertEquals("a\\x0ab", Names.printable(Bytes.utf8("a\nb")));
    assertEquals("\\xff\\xfe", Names.printable(new byte[] {-1, -2}));
    assertEquals(301, Names.printable(Bytes.utf8("x".repeat(5000))).length());
  }

  @Test
  void aFullDiskSaysWhatIsLeft() {
    IOException full = new IOException("No space left on device");
    for (boolean resumable : new boolean[] {false, true}) {
      FirnException refusal =
          assertThrows(FirnException.class, () -> FullDisk.explain(full, "it", resumable));
      assertEquals(ErrorKind.NO_SPACE, refusal.kind());
      assertEquals(resumable, refusal.getMessage().contains("--resume"));
      assertEquals(!resumable, refusal.getMessage().contains("nothing was left behind"));
    }
    IOException other = new IOException("broken");
    assertSame(other, FullDisk.explain(other, "it", true));
  }
}
