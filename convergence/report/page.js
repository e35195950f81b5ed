const open = () => { const at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1))); if (at && at.tagName === "DETAILS") at.open = true; };
addEventListener("hashchange", open); open();
