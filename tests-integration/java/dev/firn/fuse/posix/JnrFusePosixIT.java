package dev.firn.fuse.posix;

import dev.firn.fuse.Transport;
import dev.firn.fuse.jnr.JnrFuseTransport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The scenarios on a volume through libfuse 2. */
class JnrFusePosixIT extends MountedPosixScenarios {
  private static final String NODES = "to libfuse 2 two names of one file are two files";
  private static final String ACLS = "libfuse 2 does not let the kernel check access control lists";
  private static final String FLAGS = "libfuse 2 has no rename with flags";
  private static final String SEEK = "libfuse 2 has no lseek";
  private static final String TEMPORARY = "libfuse 2 has no O_TMPFILE";
  private static final String PATHS = "libfuse 2 asks for paths, and this file has none";
  private static final String REPLACED =
      "libfuse 2 forgets the path of a file that is replaced between its look-up and its opening";

  @Override
  Transport transport() {
    return new JnrFuseTransport();
  }

  @Override
  Map<String, String> exceptions() {
    Map<String, String> exceptions = new HashMap<>();
    List.of(
            "twoNamesShowTheSameContentsAtOnce",
            "appendersByDifferentNamesMeet",
            "mappingsByTwoNamesShareTheirPages")
        .forEach(name -> exceptions.put(name, NODES));
    List.of(
            "aNamedGroupGetsWhatTheListSays",
            "aNamedUserGetsWhatTheListSays",
            "creationModesLimitInheritedLists",
            "defaultListsAreInheritedInPlaceOfTheUmask",
            "listsOnDirectoriesDecideWhoMayEnter",
            "theMaskLimitsAndFollowsTheMode")
        .forEach(name -> exceptions.put(name, ACLS));
    List.of(
            "exchangeSwapsDirectoriesAndWhateverElse",
            "exchangeSwapsFiles",
            "noReplaceRefusesWhatIsThere")
        .forEach(name -> exceptions.put(name, FLAGS));
    List.of("punchingMakesHoles", "seekFindsDataAndHoles")
        .forEach(name -> exceptions.put(name, SEEK));
    List.of(
            "exclusiveTemporaryFilesNeverGetAName",
            "manyTemporaryFilesComeAndGo",
            "temporaryFilesCanBeGivenAName",
            "temporaryFilesHaveNoName")
        .forEach(name -> exceptions.put(name, TEMPORARY));
    List.of("aRemovedDirectoryTakesNothingIn", "pathDescriptorsOnlyNameFiles")
        .forEach(name -> exceptions.put(name, PATHS));
    exceptions.put("birthTimesNeverMove", "libfuse 2 tells no birth times");
    return exceptions;
  }

  @Override
  Map<String, String> races() {
    return Map.of(
        "aFileIsAlwaysThereWhileItIsReplaced", REPLACED,
        "aLinkCanReplaceAnotherAtomically", REPLACED);
  }
}
