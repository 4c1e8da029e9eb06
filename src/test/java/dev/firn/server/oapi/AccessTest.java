package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what: each action as each kind of caller, with what must come of it. */
class AccessTest {
  private static final String OK = "ok";
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{([a-z]+)}");

  /** Those who call, in this order: the owner may take away what the others look for. */
  private enum Who {
    NOBODY(null),
    STRANGER("south"),
    /** With whom it was shared once. */
    FORMER("former"),
    SHAREE("east"),
    /** Without a permission of its own, for what is shared with everybody. */
    EVERYBODY("west"),
    OWNER("north");

    final String account;

    Who(String account) {
      this.account = account;
    }
  }

  /**
   * An action with what comes of it: ok, with how many things are read, or the code of an error.
   *
   * @param body names of things in braces stand for the ids of fresh ones of the owner's
   */
  private record Row(
      String action,
      String body,
      String owner,
      String sharee,
      String stranger,
      String everybody,
      String nobody) {
    String expected(Who who) {
      return switch (who) {
        case OWNER -> owner;
        case SHAREE -> sharee;
        case STRANGER, FORMER -> stranger;
        case EVERYBODY -> everybody;
        case NOBODY -> nobody;
      };
    }
  }

  private static final String DENIED = "4120";
  private static final String EXPORT = "'OsuExport':{'DiskImageFormat':'raw','OsuBucket':'b'}";
  private static final String TAG = "'Tags':[{'Key':'other','Value':'v'}]";
  private static final String COPY = "'SourceRegionName':'local-1'";
  private static final String SHARE = "{'Additions':{'GlobalPermission':true}}";

  private static final List<Row> ROWS =
      List.of(
          own("CreateVolume", "{'SubregionName':'local-1a','Size':1}"),
          shared(
              "CreateVolume", "{'SubregionName':'local-1a','SnapshotId':'{snapshot}'}", OK, "5054"),
          read("ReadVolumes", "{'Filters':{'VolumeIds':['{volume}']}}", 1, 0, 0),
          unshared("UpdateVolume", "{'VolumeId':'{volume}','Size':2}", "5064"),
          unshared("DeleteVolume", "{'VolumeId':'{volume}'}", "5064"),
          unshared(
              "LinkVolume",
              "{'VolumeId':'{volume}','VmId':'i-00000001','DeviceName':'/dev/sdb'}",
              "5064"),
          unshared("UnlinkVolume", "{'VolumeId':'{linked}'}", "5064"),
          read("ReadVolumeUpdateTasks", "{'Filters':{'VolumeIds':['{grown}']}}", 1, 0, 0),
          unshared("CreateSnapshot", "{'VolumeId':'{volume}'}", "5064"),
          shared("CreateSnapshot", "{'SourceSnapshotId':'{snapshot}'," + COPY + "}", OK, "5054"),
          read("ReadSnapshots", "{'Filters':{'SnapshotIds':['{snapshot}']}}", 1, 1, 0),
          shared(
              "UpdateSnapshot",
              "{'SnapshotId':'{snapshot}','PermissionsToCreateVolume':" + SHARE + "}",
              "4",
              "5054"),
          shared("DeleteSnapshot", "{'SnapshotId':'{snapshot}'}", "4", "5054"),
          shared(
              "CreateSnapshotExportTask",
              "{'SnapshotId':'{snapshot}'," + EXPORT + "}",
              "4",
              "5054"),
          read("ReadSnapshotExportTasks", "{'Filters':{'TaskIds':['{task}']}}", 1, 0, 0),
          shared(
              "CreateImage",
              "{'ImageName':'{name}','RootDeviceName':'/dev/sda1','BlockDeviceMappings':"
                  + "[{'DeviceName':'/dev/sda1','Bsu':{'SnapshotId':'{snapshot}'}}]}",
              OK,
              "5054"),
          shared(
              "CreateImage",
              "{'SourceImageId':'{image}','ImageName':'{name}'," + COPY + "}",
              OK,
              "5023"),
          read("ReadImages", "{'Filters':{'ImageIds':['{image}']}}", 1, 1, 0),
          shared("UpdateImage", "{'ImageId':'{image}','Description':'other'}", "4", "5023"),
          shared(
              "UpdateImage",
              "{'ImageId':'{image}','PermissionsToLaunch':" + SHARE + "}",
              "4",
              "5023"),
          shared("DeleteImage", "{'ImageId':'{image}'}", "4", "5023"),
          shared("CreateImageExportTask", "{'ImageId':'{image}'," + EXPORT + "}", "4", "5023"),
          read("ReadImageExportTasks", "{'Filters':{'TaskIds':['{imagetask}']}}", 1, 0, 0),
          unshared("CreateTags", "{'ResourceIds':['{task}']," + TAG + "}", "5044"),
          unshared("CreateTags", "{'ResourceIds':['{volume}']," + TAG + "}", "5044"),
          shared("CreateTags", "{'ResourceIds':['{snapshot}']," + TAG + "}", "4", "5044"),
          shared("CreateTags", "{'ResourceIds':['{image}']," + TAG + "}", "4", "5023"),
          unshared("DeleteTags", "{'ResourceIds':['{volume}']," + TAG + "}", "5044"),
          shared("DeleteTags", "{'ResourceIds':['{snapshot}']," + TAG + "}", "4", "5044"),
          shared("DeleteTags", "{'ResourceIds':['{image}']," + TAG + "}", "4", "5023"),
          read("ReadTags", "{'Filters':{'ResourceIds':['{tagged}']}}", 1, 0, 0),
          read("ReadQuotas", "{'Filters':{'QuotaNames':['volumes']}}", 1, 1, 1),
          read("ReadRegions", "{}", 1, 1, 1),
          read("ReadSubregions", "{}", 1, 1, 1),
          read("ReadAccounts", "{}", 1, 1, 1),
          own("CreateAccessKey", "{}"),
          read("ReadAccessKeys", "{'Filters':{'AccessKeyIds':['{key}']}}", 1, 0, 0),
          unshared("UpdateAccessKey", "{'AccessKeyId':'{key}','Tag':'t'}", "4000"),
          unshared("DeleteAccessKey", "{'AccessKeyId':'{key}'}", "4000"),
          read(
              "ReadApiLogs",
              "{'ResultsPerPage':1,'Filters':{'QueryAccessKeys':['{signer}']}}",
              1,
              0,
              0));

  /** Each account does it with things of its own. */
  private static Row own(String action, String body) {
    return new Row(action, body, OK, OK, OK, OK, DENIED);
  }

  /** For the owner alone, and what the others are told. */
  private static Row unshared(String action, String body, String others) {
    return new Row(action, body, OK, others, others, others, DENIED);
  }

  private static Row shared(String action, String body, String sharee, String stranger) {
    return new Row(action, body, OK, sharee, stranger, sharee, DENIED);
  }

  /** What is read, with how many things each finds. */
  private static Row read(String action, String body, int owner, int sharee, int stranger) {
    return new Row(
        action,
        body,
        OK + " " + owner,
        OK + " " + sharee,
        OK + " " + stranger,
        OK + " " + sharee,
        action.equals("ReadRegions") ? OK + " 1" : DENIED);
  }

  @TempDir Path directory;
  private ServedHome home;
  private int made;

  @BeforeEach
  void serve() throws IOException {
    home = new ServedHome(directory);
    home.useBuckets();
    for (Who who : Who.values()) {
      if (who.account != null) {
        home.account(who.account);
      }
    }
  }

  @AfterEach
  void stop() throws IOException {
    home.close();
  }

  @Test
  void eachActionAsEachCaller() throws IOException {
    assertEquals(
        home.server.actions().stream().map(Action::name).collect(Collectors.toSet()),
        ROWS.stream().map(Row::action).collect(Collectors.toSet()),
        "an action without a row");
    List<String> wrong = new ArrayList<>();
    for (Row row : ROWS) {
      Map<String, String> ofSharee = new HashMap<>();
      Map<String, String> ofEverybody = new HashMap<>();
      for (Who who : Who.values()) {
        boolean everybody = who == Who.EVERYBODY;
        String body = filled(row.body(), everybody ? ofEverybody : ofSharee, everybody);
        String expected = row.expected(who);
        // What a dry run looks at is no less.
        String dry = outcome(who, row.action(), body.replaceFirst("\\{(?=.)", "{'DryRun':true,"));
        String outcome = outcome(who, row.action(), body);
        if (!dry.equals(expected.split(" ")[0]) || !outcome.equals(expected)) {
          wrong.add(
              String.format(
                  "%s %s %s: %s expected, dry run: %s, else: %s",
                  who, row.action(), body, expected, dry, outcome));
        }
      }
    }
    assertEquals(List.of(), wrong, String.join("\n", wrong));
  }

  private String outcome(Who who, String action, String body) throws IOException {
    SigningClient.Answer answer =
        home.client(who.account).call(action, body.replace(",}", "}").replace('\'', '"'));
    if (answer.status() != 200) {
      return answer.code();
    }
    JsonNode read = answer.body().path(action.replaceFirst("Read", "").replace("ApiLogs", "Logs"));
    JsonNode list = action.equals("ReadQuotas") ? answer.body().path("QuotaTypes") : read;
    return list.isArray() ? OK + " " + list.size() : OK;
  }

  /** The body with fresh things of the owner's, unless there are such already. */
  private String filled(String body, Map<String, String> things, boolean everybody)
      throws IOException {
    Matcher matcher = PLACEHOLDER.matcher(body);
    StringBuilder filled = new StringBuilder();
    while (matcher.find()) {
      String name = matcher.group(1);
      if (name.equals("name")) {
        // Each image has another.
        matcher.appendReplacement(filled, "image " + made++);
        continue;
      }
      if (!things.containsKey(name)) {
        things.put(name, thing(name, everybody));
      }
      matcher.appendReplacement(filled, things.get(name));
    }
    return matcher.appendTail(filled).toString();
  }

  private String thing(String name, boolean everybody) throws IOException {
    String owner = Who.OWNER.account;
    switch (name) {
      case "key":
        return home.whole.accounts().createKey(home.account(owner), null, null).key().id();
      case "signer":
        return home.key(owner).key().id();
      case "snapshot", "tagged":
        String snapshot = home.snapshot(owner, home.volume(owner, 1));
        share(
            "UpdateSnapshot",
            "'SnapshotId':'" + snapshot + "','PermissionsToCreateVolume'",
            everybody);
        home.ok(
            owner,
            "CreateTags",
            "{'ResourceIds':['" + snapshot + "'],'Tags':[{'Key':'k','Value':'v'}]}");
        return snapshot;
      case "task":
        return home.exportTask(owner, "Snapshot", thing("snapshot", everybody));
      case "imagetask":
        return home.exportTask(owner, "Image", thing("image", everybody));
      case "image":
        String register =
            "{'ImageName':'image %d','RootDeviceName':'/dev/sda1','BlockDeviceMappings':"
                + "[{'DeviceName':'/dev/sda1','Bsu':{'SnapshotId':'%s'}}]}";
        String of = home.snapshot(owner, home.volume(owner, 1));
        String image =
            home.ok(owner, "CreateImage", register.formatted(made++, of))
                .get("Image")
                .get("ImageId")
                .asText();
        share("UpdateImage", "'ImageId':'" + image + "','PermissionsToLaunch'", everybody);
        return image;
      default:
        return volume(name);
    }
  }

  private String volume(String name) throws IOException {
    String owner = Who.OWNER.account;
    String volume = home.volume(owner, 1);
    if (name.equals("grown")) {
      home.ok(owner, "UpdateVolume", "{'VolumeId':'" + volume + "','Size':2}");
    } else if (name.equals("linked")) {
      home.ok(
          owner,
          "LinkVolume",
          "{'VolumeId':'%s','VmId':'i-%08x','DeviceName':'/dev/sdb'}"
              .formatted(volume, 100 + made++));
    }
    return volume;
  }

  /** Shares with everybody, or with the sharee and, for a moment, with another. */
  private void share(String action, String what, boolean everybody) throws IOException {
    String change = "{" + what + ":{'%s':{%s}}}";
    if (everybody) {
      home.ok(Who.OWNER.account, action, change.formatted("Additions", "'GlobalPermission':true"));
      return;
    }
    String former = home.account(Who.FORMER.account);
    String both = "'AccountIds':['" + home.account(Who.SHAREE.account) + "','" + former + "']";
    home.ok(Who.OWNER.account, action, change.formatted("Additions", both));
    home.ok(
        Who.OWNER.account, action, change.formatted("Removals", "'AccountIds':['" + former + "']"));
  }
}
