package dev.firn.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.Image;
import dev.firn.region.VolumeOffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageManifestTest {
  /** As people write them by hand: what is not required is left out. */
  private static final String SMALL =
      "{'Version':1,'Image':{'ProductTypes':['0001'],'Snapshots':[{'Device':'/dev/sda1',"
          + "'PreSignedUrl':'https://h/k?s','Size':1000,'VolumeType':'standard','Iops':null}]}}";

  private static ImageManifest parse(String json) throws IOException {
    return ImageManifest.parse(
        json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "the manifest");
  }

  private static Image image() {
    return new Image(
        "ami-01234567",
        1,
        "100000000001",
        "a name",
        "a \"text\"",
        "i386",
        "/dev/sda1",
        List.of("0001", "0004"),
        List.of("legacy"),
        false,
        List.of(),
        Map.of(),
        Instant.EPOCH);
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    List<ImageManifest.Disk> disks =
        List.of(
            new ImageManifest.Disk(
                new Image.Mapping(
                    "/dev/sda1", null, "snap-1", 2L, new VolumeOffer("io1", 200), false),
                "https://host/key?signature",
                "key",
                77,
                (1L << 30) + 1),
            new ImageManifest.Disk(
                new Image.Mapping("/dev/xvdb", null, "snap-2", 1L, VolumeOffer.STANDARD, true),
                "http://host/other",
                "other",
                78,
                1L << 20));
    ImageManifest read =
        ImageManifest.parse(ImageManifest.of(image(), disks).json(), "the manifest");
    assertEquals("a name", read.name());
    assertEquals("a \"text\"", read.description());
    assertEquals("i386", read.architecture());
    assertEquals("/dev/sda1", read.rootDeviceName());
    assertEquals(List.of("0001", "0004"), read.productCodes());
    assertEquals(
        List.of(
            new Image.Mapping("/dev/sda1", null, null, 2L, new VolumeOffer("io1", 200), false),
            new Image.Mapping("/dev/xvdb", null, null, 1L, VolumeOffer.STANDARD, true)),
        read.mappings());
    assertEquals(
        new Image.Source("https://host/key?signature", (1L << 30) + 512),
        read.locations().get("/dev/sda1"));
    assertEquals(
        new Image.Source("http://host/other", 1L << 20), read.locations().get("/dev/xvdb"));
  }

  @Test
  void littleIsEnough() throws IOException {
    ImageManifest read = parse(SMALL);
    assertNull(read.name());
    assertEquals("x86_64", read.architecture());
    assertEquals(1L << 20, read.locations().get("/dev/sda1").sizeBytes());
    FirnException nameless =
        assertThrows(
            FirnException.class,
            () -> new ImageRequest(null, null, null, null, null, null).applied(read));
    assertEquals(ErrorKind.USAGE, nameless.kind());
  }

  @Test
  void licencesCanBeAddedButNotLeftOut() throws IOException {
    ImageManifest read = parse(SMALL);
    assertEquals(
        List.of("0001", "0007"),
        new ImageRequest("name", null, null, List.of("0007", "0001"), null, null)
            .applied(read)
            .productCodes());
    FirnException refused =
        assertThrows(
            FirnException.class,
            () -> new ImageRequest("name", null, null, List.of("0007"), null, null).applied(read));
    assertTrue(refused.getMessage().contains("0001"), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "'Version':1|'Version':2",
        "'Version':1|'Version':1,'Version':1",
        "'ProductTypes':['0001'],|",
        "'0001'|'a code'",
        "'0001'|1",
        "'/dev/sda1'|'/dev/../etc'",
        "'Device':'/dev/sda1',|",
        "https://h/k?s|file:///etc/passwd",
        "'PreSignedUrl':'https://h/k?s',|",
        "'Size':1000|'Size':0",
        "'Size':1000|'Size':-1",
        "'Size':1000|'Size':1.5",
        "'Size':1000|'Size':9223372036854775807",
        "'Size':1000|'Size':99223372036854775807",
        "standard|fast",
        "standard|io1",
        "'Image'|'Picture'",
        "'Snapshots':[|'Snapshots':[[],",
        "}}|}",
      })
  void whatIsWrongIsRefused(String right, String wrong) {
    String json = SMALL.replace(right, wrong == null ? "" : wrong);
    FirnException told = assertThrows(FirnException.class, () -> parse(json), json);
    assertEquals(ErrorKind.USAGE == told.kind() ? ErrorKind.USAGE : ErrorKind.CORRUPT, told.kind());
    assertTrue(told.getMessage().length() > 20, told.getMessage());
  }

  @Test
  void aDeviceIsNamedOnce() {
    String disk = SMALL.substring(SMALL.indexOf("{'Device'"), SMALL.indexOf("]}}"));
    assertThrows(FirnException.class, () -> parse(SMALL.replace(disk, disk + "," + disk)));
  }
}
