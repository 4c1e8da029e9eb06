package dev.firn.fuse.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Runs every scenario on one kind of file system, each in an empty directory of its own.
 *
 * <p>What a file system cannot do is listed with the reason, and must fail: a scenario that starts
 * to pass has to leave the list. What goes wrong only now and then is in a list of its own. {@code
 * -Dfirn.scenario=NAME} runs one scenario only.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PosixScenarios {
  private static final Duration TIMEOUT = Duration.ofSeconds(120 + ListingScenarios.ENTRIES / 1000);

  private static final List<Class<?>> TOPICS =
      List.of(
          FileScenarios.class,
          AppendScenarios.class,
          SpaceScenarios.class,
          CopyRangeScenarios.class,
          TruncateScenarios.class,
          MappingScenarios.class,
          NamelessScenarios.class,
          RenameScenarios.class,
          LinkScenarios.class,
          SymbolicLinkScenarios.class,
          NameScenarios.class,
          DirectoryScenarios.class,
          ListingScenarios.class,
          SpecialFileScenarios.class,
          PermissionScenarios.class,
          SetIdScenarios.class,
          AclScenarios.class,
          XattrScenarios.class,
          TimeScenarios.class,
          StatusScenarios.class,
          LockScenarios.class,
          NotificationScenarios.class,
          ProgramScenarios.class,
          ConcurrencyScenarios.class);

  /** A directory on the file system in question. */
  abstract Path root();

  /** Names of scenarios that must fail here, with the reason. */
  abstract Map<String, String> exceptions();

  /** Names of scenarios that fail when threads meet unluckily, with the reason. */
  Map<String, String> races() {
    return Map.of();
  }

  /** Called after each scenario, when everything it made is gone. */
  void checkNothingIsHeld() throws Exception {}

  @TestFactory
  Stream<DynamicContainer> scenarios() {
    Set<String> unknown = new TreeSet<>(exceptions().keySet());
    unknown.addAll(races().keySet());
    TOPICS.forEach(topic -> methods(topic).forEach(method -> unknown.remove(method.getName())));
    assertEquals(Set.of(), unknown, "exceptions for scenarios that do not exist");
    String only = System.getProperty("firn.scenario", "");
    return TOPICS.stream()
        .map(
            topic ->
                DynamicContainer.dynamicContainer(
                    topic.getSimpleName(),
                    methods(topic)
                        .filter(method -> only.isBlank() || method.getName().equals(only))
                        .map(this::test)));
  }

  private static Stream<Method> methods(Class<?> topic) {
    return Arrays.stream(topic.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Scenario.class))
        .sorted(Comparator.comparing(Method::getName));
  }

  private DynamicTest test(Method method) {
    String reason = exceptions().get(method.getName());
    String race = races().get(method.getName());
    String name =
        method.getName()
            + (reason == null ? "" : " (must fail: " + reason + ")")
            + (race == null ? "" : " (may fail: " + race + ")");
    return DynamicTest.dynamicTest(
        name,
        () -> {
          try {
            perform(method);
          } catch (Throwable e) {
            if (reason != null || race != null) {
              return;
            }
            throw e;
          }
          if (reason != null) {
            fail(method.getName() + " passes now; it must leave the list of exceptions: " + reason);
          }
        });
  }

  private void perform(Method method) throws Throwable {
    Path directory = Files.createDirectory(root().resolve(method.getName()));
    Throwable failure = null;
    try (Place place = new Place(directory)) {
      Object scenarios = method.getDeclaringClass().getDeclaredConstructor().newInstance();
      assertTimeoutPreemptively(TIMEOUT, () -> method.invoke(scenarios, place));
    } catch (InvocationTargetException e) {
      failure = e.getCause();
    } catch (Throwable e) {
      failure = e;
    }
    try {
      remove(directory);
      checkNothingIsHeld();
    } catch (Throwable e) {
      if (failure == null) {
        throw e;
      }
      failure.addSuppressed(e);
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** With a command, which does not mind names in whatever bytes nor paths too long for Java. */
  private static void remove(Path directory) throws Exception {
    Process process =
        new ProcessBuilder("rm", "-rf", "--one-file-system", directory.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), said);
    assertTrue(Files.notExists(directory), said);
  }
}
