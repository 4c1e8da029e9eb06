package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.Accounts;
import dev.firn.region.Permissions;

/**
 * What an update asks for: permissions to add, or to take away.
 *
 * @param adds whether they are added
 */
record PermissionsChange(boolean adds, Permissions permissions) {
  /** Of what {@link Values#PERMISSIONS_CHANGE} has let through; accounts that are added exist. */
  static PermissionsChange of(JsonNode given, Accounts accounts) {
    boolean adds = given.hasNonNull("Additions");
    if (adds == given.hasNonNull("Removals")) {
      throw new OapiException(
          Problem.INVALID_PARAMETER_SET, "either 'Additions' or 'Removals' must be given");
    }
    JsonNode meant = given.get(adds ? "Additions" : "Removals");
    Permissions permissions =
        new Permissions(
            meant.path("GlobalPermission").asBoolean(false), Call.texts(meant.path("AccountIds")));
    if (!permissions.everybody() && permissions.accountIds().isEmpty()) {
      throw new OapiException(
          Problem.INVALID_PARAMETER_SET,
          "neither 'AccountIds' nor a true 'GlobalPermission' is given");
    }
    if (adds) {
      permissions.accountIds().forEach(id -> requireAccount(accounts, id));
    }
    return new PermissionsChange(adds, permissions);
  }

  private static void requireAccount(Accounts accounts, String id) {
    try {
      accounts.account(id);
    } catch (FirnException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        throw new OapiException(Problem.NO_SUCH_ACCOUNT, "account '%s' does not exist", id);
      }
      throw e;
    }
  }
}
