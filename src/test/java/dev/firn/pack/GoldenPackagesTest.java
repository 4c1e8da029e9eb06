package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.region.Region;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packages that earlier versions wrote, named after the version of their format. */
class GoldenPackagesTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/packages");

  @TempDir Path directory;

  private static List<String> expected(String name) throws IOException {
    return Files.readAllLines(GOLDEN.resolve(name + ".txt"));
  }

  private static List<String> imported(Region region, String file, String name) throws IOException {
    List<Path> keys = List.of(GOLDEN.resolve("key.pub"), GOLDEN.resolve("key-4.pub"));
    Trust trust = Trust.of(keys, file.contains("signed"));
    try (InputStream in = Files.newInputStream(GOLDEN.resolve(file))) {
      Importer.importFrom(
          region, in, null, new ImportOptions(name, null, trust, file), ProgressListener.NONE);
    }
    try (FileSystem files = region.openSnapshot(name)) {
      return Trees.describe(files);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1-full.firn",
        "2-signed.firn",
        "3-full.firn",
        "3-signed.firn",
        "4-full.firn",
        "4-signed.firn",
        "4-long.firn"
      })
  void fullOnesAreTakenAndShown(String file) throws IOException {
    List<String> expected = expected(file.contains("long") ? "long" : "before");
    try (Region region = Region.open(directory.resolve("home"))) {
      assertEquals(expected, imported(region, file, "copy"));
    }
    try (FileSystem mounted =
        new PackageFileSystem(
            List.of(GOLDEN.resolve(file)),
            directory.resolve("tmp"),
            Trust.ALL,
            ProgressListener.NONE)) {
      assertEquals(expected, Trees.describe(mounted));
    }
  }

  @Test
  void changesOfAnyVersionGoWithBasesOfAny() throws IOException {
    try (Region region = Region.open(directory.resolve("home"))) {
      for (String base : List.of("1-full", "2-signed", "3-full", "4-full")) {
        imported(region, base + ".firn", base);
        for (String change : List.of("2-incremental", "3-incremental", "4-incremental")) {
          assertEquals(expected("after"), imported(region, change + ".firn", base + "-" + change));
          List<Path> chain =
              List.of(GOLDEN.resolve(base + ".firn"), GOLDEN.resolve(change + ".firn"));
          try (FileSystem mounted =
              new PackageFileSystem(
                  chain, directory.resolve("tmp"), Trust.ALL, ProgressListener.NONE)) {
            assertEquals(expected("after"), Trees.describe(mounted));
          }
        }
      }
    }
  }
}
