package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code firn doctor} says; for who is not root, {@code user-mount.sh} looks at it. */
class DoctorIT {
  @TempDir Path directory;

  private FirnCommand firn;

  @BeforeEach
  void open() {
    firn = new FirnCommand(directory);
  }

  @AfterEach
  void close() throws Exception {
    firn.close();
  }

  private Map<String, JsonNode> findings() {
    Map<String, JsonNode> findings = new LinkedHashMap<>();
    for (JsonNode finding : firn.run("doctor", "--json").json().get("findings")) {
      findings.put(finding.get("name").asText(), finding);
    }
    return findings;
  }

  @Test
  void allThatMountsDependOnIsLookedAt() {
    Map<String, JsonNode> findings = findings();
    assertEquals(
        List.of(
            "kernel",
            "/dev/fuse",
            "mounting",
            "FUSE protocol",
            "FUSE over io_uring",
            "killed daemons",
            "fusermount3",
            "user_allow_other",
            "libfuse 2",
            "open files",
            "locked memory"),
        List.copyOf(findings.keySet()));
    findings.forEach(
        (name, finding) -> {
          assertFalse(finding.get("found").asText().isEmpty(), name);
          boolean fine = finding.get("verdict").asText().equals("ok");
          assertEquals(fine, finding.get("advice").asText().isEmpty(), finding.toString());
        });
  }

  @Test
  void rootIsToldWhatUsersLackAndCanMount() throws Exception {
    Path programs = Files.createDirectory(directory.resolve("bin"));
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/usr/bin"))) {
      for (Path program : all) {
        if (!program.endsWith("fusermount3") && !program.endsWith("setpriv")) {
          Files.createSymbolicLink(programs.resolve(program.getFileName()), program);
        }
      }
    }
    firn.with("PATH", programs.toString());
    Map<String, JsonNode> findings = findings();
    assertEquals("not installed", findings.get("fusermount3").get("found").asText());
    assertAdvised(findings.get("fusermount3"), "apt-get install fuse3");
    assertAdvised(findings.get("killed daemons"), "apt-get install util-linux");
  }

  private static void assertAdvised(JsonNode finding, String advice) {
    assertEquals("note", finding.get("verdict").asText());
    assertTrue(finding.get("advice").asText().contains(advice), finding.toString());
  }
}
