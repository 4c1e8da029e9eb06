package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.daemon.HomePaths;
import dev.firn.server.Actions;
import dev.firn.server.ApiServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command line against a server that answers what each test needs. */
class CommandLineTest {
  @TempDir Path home;

  private final Actions actions = new Actions();
  private ByteArrayOutputStream output;
  private ByteArrayOutputStream errors;
  private ApiServer server;

  record None() {}

  record AnyVolume(String volume) {}

  record NewVolume(
      String name,
      String kind,
      Long sizeBytes,
      String sourceSnapshot,
      String subregion,
      String compression) {}

  record NewMount(
      String target,
      Path directory,
      boolean readOnly,
      boolean showSnapshots,
      String transport,
      List<String> options) {}

  record Difference(String from, String to) {}

  @BeforeEach
  void clear() {
    output = new ByteArrayOutputStream();
    errors = new ByteArrayOutputStream();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fly",
        "volume",
        "volume fly",
        "volume create",
        "volume create data",
        "volume create data --size",
        "volume create data --size 0",
        "volume create data --size -1",
        "volume create data --size -4G",
        "volume create data --size four",
        "volume create data --size 4X",
        "volume create data --size 14902G",
        "volume create data --size 15T",
        "volume create data --size 99999999999999999999T",
        "volume create data --size 1K",
        "volume create data extra --size 4G",
        "volume create data --size 4G --sise 5G",
        "volume resize data",
        "volume resize data 0",
        "volume resize data -4G",
        "volume list extra",
        "mount data",
        "umount",
        "snapshot create",
        "snapshot create data --tag novalue",
        "snapshot delete",
        "diff data@first",
        "rollback data",
        "account login",
        "account login --email north@example.com --remove",
        "account login --email north@example.com secret",
        "daemon",
        "daemon fly"
      })
  void wrongUsageIsOneLineAndStatusTwo(String line) {
    assertEquals(2, run(line.isEmpty() ? new String[0] : line.split(" ")));
    assertEquals("", output());
    assertTrue(errors().matches("firn: [^\\n]+\\n"), errors());
  }

  @Test
  void theLargestSizeIsNotTooLarge() throws IOException {
    serve(
        actions.answer("CreateVolume", NewVolume.class, p -> Map.of("id", "vol-" + p.sizeBytes())));
    assertEquals(0, run("volume", "create", "data", "--size", "14901G"));
    assertEquals("vol-" + 14_901L * 1024 * 1024 * 1024 + "\n", output());
  }

  static Stream<String> commands() {
    return paths(commandLine(), "");
  }

  private static Stream<String> paths(CommandLine command, String path) {
    return Stream.concat(
        Stream.of(path),
        command.getSubcommands().entrySet().stream()
            .flatMap(e -> paths(e.getValue(), (path + " " + e.getKey()).strip())));
  }

  private static CommandLine commandLine() {
    return FirnCommandLine.create(new RootCommand(System.out, System.err, Map.of()));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelpWithAnExampleThatParses(String path) {
    String[] arguments = (path + " --help").strip().split(" ");
    assertEquals(0, run(arguments));
    assertEquals("", errors());
    String command = ("firn " + path).strip();
    assertTrue(output().startsWith("Usage: " + command), output());
    List<String> examples =
        output()
            .substring(output().indexOf("\nExample:\n") + 1)
            .lines()
            .skip(1)
            .map(String::strip)
            .toList();
    assertTrue(examples.stream().anyMatch(e -> e.contains(command)), output());
    for (String example : examples) {
      String words = example.replaceAll(".*(?<![\\w.])firn |[|)].*", "").strip();
      commandLine().parseArgs(words.split(" "));
    }
  }

  @ParameterizedTest
  @EnumSource(ErrorKind.class)
  void aFailureIsOneLineWithItsExitStatus(ErrorKind kind) throws IOException {
    serve(
        actions.answer(
            "ReadVolume",
            AnyVolume.class,
            p -> {
              throw new FirnException(kind, "there is no volume '" + p.volume() + "'");
            }));
    assertEquals(kind.exitStatus(), run("volume", "show", "däta"));
    assertEquals("", output());
    assertEquals("firn: there is no volume 'däta'\n", errors());
  }

  @Test
  void stackTracesNeedDebug() throws IOException {
    serve(
        actions.answer(
            "ReadVolume",
            AnyVolume.class,
            p -> {
              throw new IllegalStateException("broken");
            }));
    assertEquals(1, run("volume", "show", "data"));
    assertEquals(1, errors().lines().count(), errors());
    clear();
    assertEquals(1, run("volume", "show", "data", "--debug"));
    assertTrue(errors().contains("\tat dev.firn.cli."), errors());
  }

  @Test
  void listsAreTablesOrJson() throws IOException {
    serve(actions.answer("ReadVolumes", None.class, none -> Map.of("volumes", volumes())));
    assertEquals(0, run("volume", "list"));
    List<String> lines = output().lines().toList();
    assertTrue(lines.get(0).matches("ID +NAME +KIND +SIZE  STATE +CREATED +MOUNTED AT"), output());
    assertTrue(
        lines
            .get(1)
            .matches("vol-00000001  data +filesystem +4\\.0 GiB  in-use     2026-.* /mnt/a b"),
        output());
    assertTrue(
        lines.get(2).matches("vol-00000002  größe +block +512\\.0 MiB  available  2026-.*-"),
        output());
    assertEquals("", errors());
    clear();
    assertEquals(0, run("volume", "list", "--json"));
    JsonNode json = new ObjectMapper().readTree(output());
    assertEquals(2, json.size());
    assertEquals("2026-01-02T03:04:05Z", json.get(0).get("createdAt").asText());
    assertEquals("größe", json.get(1).get("name").asText());
  }

  private static List<Map<String, Object>> volumes() {
    return List.of(
        Map.of(
            "id", "vol-00000001",
            "name", "data",
            "kind", "filesystem",
            "sizeBytes", 4L << 30,
            "state", "in-use",
            "createdAt", "2026-01-02T03:04:05Z",
            "mountedAt", List.of("/mnt/a b")),
        Map.of(
            "id", "vol-00000002",
            "name", "größe",
            "kind", "block",
            "sizeBytes", 512L << 20,
            "state", "available",
            "createdAt", "2026-01-02T03:04:05Z",
            "mountedAt", List.of()));
  }

  @Test
  void mountSendsWhatTheUserSaid() throws IOException {
    serve(actions.answer("Mount", NewMount.class, p -> p));
    assertEquals(
        0,
        run(
            "mount",
            "data",
            "some/../dir",
            "--read-only",
            "--show-snapshots",
            "-o",
            "allow_other,noatime",
            "-o",
            "dev",
            "--json"));
    JsonNode sent = new ObjectMapper().readTree(output());
    assertEquals(Path.of("dir").toAbsolutePath().toString(), sent.get("directory").asText());
    assertEquals("[\"allow_other\",\"noatime\",\"dev\"]", sent.get("options").toString());
    assertTrue(sent.get("readOnly").asBoolean());
    assertTrue(sent.get("showSnapshots").asBoolean());
    assertEquals("kernel", sent.get("transport").asText());
  }

  @Test
  void differencesAreLinesOfPathsOrJson() throws IOException {
    actions.work(
        "ReadDiff",
        Difference.class,
        (p, events) -> {
          events.item(Map.of("kind", "A", "path", "a b"));
          events.item(Map.of("kind", "M", "pathBase64", "/w=="));
          events.item(Map.of("kind", "R", "path", "old", "newPath", "new\nline"));
          return Map.of();
        });
    serve(actions);
    assertEquals(0, run("diff", "data@first", "data"));
    assertEquals(
        "A a b\nM \u00ff\nR old -> \"new\\nline\"\n", output.toString(StandardCharsets.ISO_8859_1));
    clear();
    assertEquals(0, run("diff", "data@first", "data", "--json"));
    assertEquals("new\nline", new ObjectMapper().readTree(output()).get(2).get("newPath").asText());
  }

  @Test
  void statusDoesNotStartADaemon() {
    assertEquals(3, run("daemon", "status"));
    assertTrue(errors().contains("no daemon runs"), errors());
    assertFalse(HomePaths.socket(home).toFile().exists());
  }

  @Test
  void completionNamesTheCommands() {
    assertEquals(0, run("completion"));
    assertTrue(output().contains("complete -F _complete_firn"), output());
    assertTrue(output().contains("umount"), output());
  }

  private void serve(Actions table) throws IOException {
    server = ApiServer.start(HomePaths.socket(home), table);
  }

  private int run(String... arguments) {
    PrintStream out = new PrintStream(output, false, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(errors, false, StandardCharsets.UTF_8);
    int status = FirnCommandLine.run(out, err, Map.of("FIRN_HOME", home.toString()), arguments);
    out.flush();
    err.flush();
    return status;
  }

  private String output() {
    return output.toString(StandardCharsets.UTF_8);
  }

  private String errors() {
    return errors.toString(StandardCharsets.UTF_8);
  }
}
