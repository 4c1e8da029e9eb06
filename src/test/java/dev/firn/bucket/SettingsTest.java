package dev.firn.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path home;

  private Settings read(String text, String permissions) throws IOException {
    Path file = home.resolve(Settings.FILE);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    return Settings.read(home);
  }

  private static void fails(
      ErrorKind kind, String part, org.junit.jupiter.api.function.Executable call) {
    FirnException told = assertThrows(FirnException.class, call);
    assertEquals(kind, told.kind(), told.getMessage());
    assertTrue(told.getMessage().contains(part), told.getMessage());
  }

  @Test
  void withoutAFileNothingIsConfigured() throws IOException {
    Settings none = Settings.read(home);
    fails(ErrorKind.FAILED, "bucket.endpoint", none::bucketEndpoint);
    fails(ErrorKind.FAILED, "copies.bucket", none::copiesBucket);
    fails(ErrorKind.NOT_FOUND, "'south'", () -> none.region("south"));
  }

  @Test
  void valuesAreWhatTheFileSays() throws IOException {
    Settings settings =
        read(
            "# text\nbucket.endpoint = https://s3.example.org\nbucket.path-style=false\n"
                + "region.a.b.endpoint=http://127.0.0.1:1/api/v1\nregion.a.b.access-key=K\n"
                + "region.a.b.secret-key=hidden\ncopies.bucket=box\ncopies.access-key=C\n"
                + "copies.secret-key=hidden\n",
            "rw-------");
    assertEquals("https://s3.example.org", settings.bucketEndpoint().toString());
    BucketAddress copies = settings.copiesAddress();
    assertFalse(copies.pathStyle());
    assertEquals("us-east-1", copies.region());
    assertEquals("hidden", copies.secretKey());
    assertEquals("K", settings.region("a.b").accessKeyId());
    assertFalse((copies + " " + settings.region("a.b")).contains("hidden"));
    fails(ErrorKind.NOT_FOUND, "known are a.b", () -> settings.region("c"));
  }

  @Test
  void whatIsWrongIsTold() {
    fails(ErrorKind.USAGE, "bucket.endpiont", () -> read("bucket.endpiont=x", "rw-------"));
    fails(ErrorKind.USAGE, "URL", () -> read("bucket.endpoint=x", "rw-------").bucketEndpoint());
    fails(
        ErrorKind.USAGE,
        "true or false",
        () ->
            read("bucket.path-style=yes", "rw-------")
                .bucketAddress(java.net.URI.create("http://h"), "K", "S"));
    fails(
        ErrorKind.USAGE,
        "no network",
        () -> read("import.private-networks=10.0.0.0/8 x", "rw-------").addressRules());
    fails(
        ErrorKind.NOT_PERMITTED, "chmod 600", () -> read("copies.secret-key=hidden", "rw-r--r--"));
  }
}
